import { Aws, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import {
  type IUserPool,
  OAuthScope,
  UserPool,
  UserPoolClientIdentityProvider,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { invitedUserPool } from '../common/user-pool.ts';
import type { ShortenerSettings } from './settings.ts';

/** Who may have links: the people of a user pool of its own, or of one that is there. */
export class SignIn extends Construct {
  readonly pool: IUserPool;
  private readonly own: UserPool | null;

  constructor(scope: Construct, id: string, { userPoolArn }: ShortenerSettings) {
    super(scope, id);
    this.own = userPoolArn === '' ? invitedUserPool(this, 'Pool') : null;
    this.pool = this.own ?? UserPool.fromUserPoolArn(this, 'Pool', userPoolArn);
  }

  /** A client of the own pool that gets identity tokens. @param address where people come back to */
  addClient(address: string): void {
    const { own } = this;
    if (own === null) return;
    const client = own.addClient('People', {
      generateSecret: false,
      preventUserExistenceErrors: true,
      supportedIdentityProviders: [UserPoolClientIdentityProvider.COGNITO],
      idTokenValidity: Duration.hours(1),
      oAuth: {
        flows: { authorizationCodeGrant: true },
        scopes: [OAuthScope.OPENID, OAuthScope.EMAIL],
        callbackUrls: [`${address}/`],
        logoutUrls: [`${address}/`],
      },
    });
    const domain = own.addDomain('Page', {
      cognitoDomain: { domainPrefix: `${Stack.of(this).stackName}-${Aws.ACCOUNT_ID}` },
    });
    const output = (name: string, value: string, description: string) =>
      new CfnOutput(this, `${name}Output`, { value, description }).overrideLogicalId(name);
    output('UserPoolId', own.userPoolId, 'People are invited into this user pool');
    output('UserPoolClientId', client.userPoolClientId, 'The client by which they sign in');
    output('SignInUrl', domain.baseUrl(), 'Where they sign in');
  }
}
