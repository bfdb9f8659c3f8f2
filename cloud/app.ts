import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AccountStack } from './common/account-stack.ts';
import { PageStack } from './page/stack.ts';
import { RobotStack } from './robot/stack.ts';

/** How the CDK behaves where it keeps old ways for old apps. */
const FLAGS = {
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  '@aws-cdk/core:annotationsInValidationReport': true,
  '@aws-cdk/aws-iam:minimizePolicies': true,
  // A stack can't go while another one uses what is in it.
  '@aws-cdk/core:defaultCrossStackReferences': 'strong',
};

/**
 * Every stack of the cloud. Synthesis fails on what CloudFormation's schemas or cdk-nag object to; what of cdk-nag was
 * acknowledged stands with its reason in the template.
 */
export function cloudApp(props: AppProps = {}): App {
  const app = new App({ ...props, context: { ...FLAGS, ...props.context } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { writeSuppressionsToCloudFormation: true }));
  const account = new AccountStack(app, 'roverd-account');
  const robot = new RobotStack(app, 'roverd-robot');
  robot.addStackDependency(account);
  const { api, signIn } = robot;
  if (signIn) new PageStack(app, 'roverd-page', { api, signIn });
  return app;
}
