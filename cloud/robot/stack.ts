import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Alarms } from '../common/alarms.ts';
import type { SignIn } from '../common/sign-in.ts';
import { Api } from './api.ts';
import { Cognito } from './cognito.ts';
import { Endpoints } from './endpoints.ts';
import { Landing } from './landing.ts';
import { Robots } from './robots.ts';
import { readSettings } from './settings.ts';

/** The cloud's half of one or many robots: how they connect, who may drive them, and what they told. */
export class RobotStack extends Stack {
  /** Address of the API, ending with a slash, and its origin. */
  readonly api: { readonly url: string; readonly origin: string };
  /** Null where the provider knows no client for a page. */
  readonly signIn: SignIn | null;

  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, { description: 'roverd: drives robots by AWS IoT Core', ...props });
    const settings = readSettings(this.node);
    const alarms = new Alarms(this, 'Alarms', settings.alarmEmail);
    const endpoints = new Endpoints(this, 'Endpoints');
    new Robots(this, 'Robots', settings.robots);
    const landing = new Landing(this, 'Landing', { robots: settings.robots, alarms });
    const { provider: own, pageClientId, operatorScope, viewerScope } = settings;
    const cognito = own === null ? new Cognito(this, 'Cognito', { ...settings, alarms }) : null;
    const api = new Api(this, 'Api', {
      settings,
      provider: own ?? cognito!.provider,
      brokerUrl: `https://${endpoints.data}`,
      presence: landing.presence,
      alarms,
    });
    this.api = api;
    this.signIn =
      own === null
        ? cognito!.signIn
        : pageClientId === ''
          ? null
          : {
              issuer: own.issuer,
              clientId: pageClientId,
              scope: `openid offline_access ${operatorScope} ${viewerScope}`,
              origins: [new URL(own.issuer).origin],
              signOutUrl: null,
            };

    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, `${name}Output`, { value, description }).overrideLogicalId(name);
    output('Robots', settings.robots.join(','), 'Names of the robots; the policy of NAME is NAMEPolicy');
    output('ApiURL', api.url, 'Address of the API');
    output('EndpointUrl', endpoints.credentials, 'Host that gives credentials to cameras');
    output('DataEndpoint', endpoints.data, 'Host that robots connect to');
    output('AlarmTopic', alarms.topic.topicArn, 'Topic that alarms speak to');
  }
}
