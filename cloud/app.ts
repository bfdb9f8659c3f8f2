import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AccountStack } from './common/account-stack.ts';
import { RobotStack } from './robot/stack.ts';

/** How the CDK behaves where it keeps old ways for old apps. */
const FLAGS = {
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  '@aws-cdk/core:annotationsInValidationReport': true,
  '@aws-cdk/aws-iam:minimizePolicies': true,
};

/**
 * Every stack of the cloud. Synthesis fails on what CloudFormation's schemas or cdk-nag object to; what of cdk-nag was
 * acknowledged stands with its reason in the template.
 */
export function cloudApp(props: AppProps = {}): App {
  const app = new App({ ...props, context: { ...FLAGS, ...props.context } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { writeSuppressionsToCloudFormation: true }));
  const account = new AccountStack(app, 'roverd-account');
  for (const stack of [new RobotStack(app, 'roverd-robot')]) stack.addStackDependency(account);
  return app;
}
