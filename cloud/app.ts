/** Every stack of the cloud. `npm run synth` writes them to cloud/out. */
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AccountStack } from './common/account-stack.ts';
import { RobotStack } from './robot/stack.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

const account = new AccountStack(app, 'roverd-account');
for (const stack of [new RobotStack(app, 'roverd-robot')]) stack.addStackDependency(account);

app.synth();
