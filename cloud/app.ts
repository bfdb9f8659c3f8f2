import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AccountStack } from './common/account-stack.ts';
import { RobotStack } from './robot/stack.ts';

/** Every stack of the cloud, checked by cdk-nag; what was acknowledged stands with its reason in the template. */
export function cloudApp(props?: AppProps): App {
  const app = new App(props);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { writeSuppressionsToCloudFormation: true }));
  const account = new AccountStack(app, 'roverd-account');
  for (const stack of [new RobotStack(app, 'roverd-robot')]) stack.addStackDependency(account);
  return app;
}
