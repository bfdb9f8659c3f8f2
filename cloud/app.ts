import { App, type AppProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AtmEventsStack } from './atm-events/stack.ts';
import { CallAnalyticsStack } from './call-analytics/stack.ts';
import { AccountStack } from './common/account-stack.ts';
import { PageStack } from './page/stack.ts';
import { RetentionStack } from './retention/stack.ts';
import { RobotStack } from './robot/stack.ts';
import { UrlShortenerStack } from './url-shortener/stack.ts';

/** How the CDK behaves where it keeps old ways for old apps. */
const FLAGS = {
  '@aws-cdk/core:validateAgainstDefaultRules': true,
  '@aws-cdk/core:annotationsInValidationReport': true,
  '@aws-cdk/aws-iam:minimizePolicies': true,
  // A stack can't go while another one uses what is in it.
  '@aws-cdk/core:defaultCrossStackReferences': 'strong',
};

/** What belongs to a scenario, by the scenario's folder. */
const SCENARIOS: Readonly<Record<string, (app: App, account: () => AccountStack) => void>> = {
  robot(app, account) {
    const robot = new RobotStack(app, 'roverd-robot');
    robot.addStackDependency(account());
    const { api, signIn } = robot;
    if (signIn) new PageStack(app, 'roverd-page', { api, signIn });
  },
  'atm-events'(app) {
    new AtmEventsStack(app, 'roverd-atm-events');
  },
  'call-analytics'(app) {
    new CallAnalyticsStack(app, 'roverd-call-analytics');
  },
  'url-shortener'(app, account) {
    new UrlShortenerStack(app, 'roverd-url-shortener').addStackDependency(account());
  },
  retention(app) {
    new RetentionStack(app, 'roverd-retention');
  },
};

/**
 * The stacks of every scenario, or of those that the context names (`-c scenarios=robot,retention`). Synthesis fails on
 * what CloudFormation's schemas or cdk-nag object to; what of cdk-nag was acknowledged stands with its reason in the
 * template.
 * @throws Error when a scenario has a name that there is not
 */
export function cloudApp(props: AppProps = {}): App {
  const app = new App({ ...props, context: { ...FLAGS, ...props.context } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { writeSuppressionsToCloudFormation: true }));
  let account: AccountStack | null = null;
  for (const name of scenariosWanted(app)) {
    SCENARIOS[name]!(app, () => (account ??= new AccountStack(app, 'roverd-account')));
  }
  return app;
}

function scenariosWanted(app: App): string[] {
  const all = Object.keys(SCENARIOS);
  const given: unknown = app.node.tryGetContext('scenarios') ?? all.join(',');
  const wanted = typeof given === 'string' ? given.split(',') : [];
  if (wanted.length > 0 && wanted.every((name) => all.includes(name))) return wanted;
  throw new Error(
    `Expected scenarios to be some of ${all.join(',')}, separated by commas, but received ${JSON.stringify(given)}`,
  );
}
