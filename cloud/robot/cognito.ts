import { Aws, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import {
  LambdaVersion,
  OAuthScope,
  ResourceServerScope,
  UserPoolClientIdentityProvider,
  UserPoolOperation,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import type { Alarms } from '../common/alarms.ts';
import { NodeFunction } from '../common/function.ts';
import type { SignIn } from '../common/sign-in.ts';
import { invitedUserPool } from '../common/user-pool.ts';
import { OPERATORS, VIEWERS } from './constants.ts';
import type { Provider } from './settings.ts';

export interface CognitoProps {
  /** Web origins whose root page people come back to after signing in. */
  readonly origins: readonly string[];
  readonly operatorScope: string;
  readonly viewerScope: string;
  readonly alarms: Alarms;
}

/** A user pool for who has no identity provider: people are invited, sign in with a second factor, and get scopes. */
export class Cognito extends Construct {
  readonly provider: Provider;
  readonly signIn: SignIn;

  constructor(scope: Construct, id: string, props: CognitoProps) {
    super(scope, id);
    if (
      firstPart(props.operatorScope) === '' ||
      firstPart(props.operatorScope) !== firstPart(props.viewerScope)
    ) {
      throw new Error(
        `Expected operatorScope and viewerScope to be SERVER/NAME of one server, as Cognito makes them, but received ${props.operatorScope} and ${props.viewerScope}`,
      );
    }
    const pool = invitedUserPool(this, 'Pool');
    const groups = {
      [OPERATORS]: 'May drive robots',
      [VIEWERS]: 'May watch robots and stop them',
    };
    for (const [groupName, description] of Object.entries(groups))
      pool.addGroup(groupName, { groupName, description });
    const scopesByGroup = new NodeFunction(this, 'Scopes', {
      entry: 'cloud/robot/cognito-scopes.lambda.ts',
      description: 'Takes from an access token the scopes that the groups of its owner do not give',
      memoryMiB: 256,
      timeoutS: 5,
      environment: { OPERATOR_SCOPE: props.operatorScope, VIEWER_SCOPE: props.viewerScope },
    });
    pool.addTrigger(UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, scopesByGroup, LambdaVersion.V2_0);
    props.alarms.onFailures('ScopesErrors', scopesByGroup.metricErrors(), 'Nobody can sign in');
    const scopes = [
      new ResourceServerScope({ scopeName: lastPart(props.operatorScope), scopeDescription: 'Drive robots' }),
      new ResourceServerScope({
        scopeName: lastPart(props.viewerScope),
        scopeDescription: 'Watch and stop robots',
      }),
    ];
    const server = pool.addResourceServer('Api', { identifier: firstPart(props.operatorScope), scopes });
    const callbackUrls = props.origins.map((origin) => `${origin}/`);
    const client = pool.addClient('Page', {
      generateSecret: false,
      preventUserExistenceErrors: true,
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
      accessTokenValidity: Duration.hours(1),
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, ...scopes.map((one) => OAuthScope.resourceServer(server, one))],
        callbackUrls,
        logoutUrls: callbackUrls,
      },
    });
    const domain = pool.addDomain('SignIn', {
      cognitoDomain: { domainPrefix: `${Stack.of(this).stackName}-${Aws.ACCOUNT_ID}` },
    });
    const host = `https://cognito-idp.${Aws.REGION}.amazonaws.com`;
    const issuer = `${host}/${pool.userPoolId}`;
    this.provider = {
      issuer,
      audience: client.userPoolClientId,
      jwksUri: `${issuer}/.well-known/jwks.json`,
      audienceClaim: 'client_id',
    };
    this.signIn = {
      issuer,
      clientId: client.userPoolClientId,
      scope: `openid ${props.operatorScope} ${props.viewerScope}`,
      origins: [host, domain.baseUrl()],
      signOutUrl: `${domain.baseUrl()}/logout?client_id=${client.userPoolClientId}`,
    };
    new CfnOutput(this, 'UserPoolId', { value: pool.userPoolId }).overrideLogicalId('UserPoolId');
    new CfnOutput(this, 'ClientId', { value: client.userPoolClientId }).overrideLogicalId('UserPoolClientId');
    new CfnOutput(this, 'SignInUrl', { value: domain.baseUrl() }).overrideLogicalId('SignInUrl');
  }
}

/** `roverd/operate`: scope `operate` of the resource server `roverd`. */
const firstPart = (scope: string) => scope.slice(0, Math.max(0, scope.lastIndexOf('/')));
const lastPart = (scope: string) => scope.slice(scope.lastIndexOf('/') + 1);
