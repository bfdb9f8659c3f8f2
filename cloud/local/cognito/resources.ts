import { described, type Family } from '../desk/family.ts';
import { madeUpId, PLACE } from '../desk/place.ts';
import { userPoolArn } from './user-pools.ts';

interface LambdaConfig {
  readonly PreTokenGenerationConfig?: { readonly LambdaArn: string; readonly LambdaVersion: string };
}

type Unit = 'seconds' | 'minutes' | 'hours' | 'days';

interface ClientProperties {
  readonly UserPoolId: string;
  readonly AllowedOAuthScopes?: readonly string[];
  readonly AccessTokenValidity?: number;
  readonly IdTokenValidity?: number;
  readonly TokenValidityUnits?: { readonly AccessToken?: Unit; readonly IdToken?: Unit };
}

const SECONDS: Readonly<Record<Unit, number>> = { seconds: 1, minutes: 60, hours: 3600, days: 86_400 };

export const cognito: Family = {
  'AWS::Cognito::UserPool': {
    properties: [
      'AccountRecoverySetting',
      'AdminCreateUserConfig',
      'AutoVerifiedAttributes',
      'DeletionProtection',
      'EmailVerificationMessage',
      'EmailVerificationSubject',
      'EnabledMfas',
      'LambdaConfig',
      'MfaConfiguration',
      'Policies',
      'SmsVerificationMessage',
      'UserPoolName',
      'UserPoolTags',
      'UserPoolTier',
      'UsernameAttributes',
      'UsernameConfiguration',
      'VerificationMessageTemplate',
    ],
    unsupported({ LambdaConfig = {} }) {
      const config = LambdaConfig as LambdaConfig;
      const { LambdaVersion = 'V2_0' } = config.PreTokenGenerationConfig ?? {};
      return [
        ...Object.keys(config)
          .filter((name) => name !== 'PreTokenGenerationConfig')
          .map((name) => `the trigger ${name}`),
        ...(LambdaVersion === 'V2_0' ? [] : [`the trigger version ${LambdaVersion}`]),
      ];
    },
    async create({ name, properties }, { userPools }) {
      const id = `${PLACE.region}_${madeUpId(name, 9)}`;
      const { PreTokenGenerationConfig } = (properties.LambdaConfig ?? {}) as LambdaConfig;
      await userPools.addPool(id, PreTokenGenerationConfig?.LambdaArn ?? null);
      const issuer = `cognito-idp.${PLACE.region}.${PLACE.suffix}/${id}`;
      return {
        ref: id,
        attributes: { Arn: userPoolArn(id), ProviderName: issuer, ProviderURL: `https://${issuer}` },
      };
    },
  },
  'AWS::Cognito::UserPoolClient': {
    properties: [
      'AccessTokenValidity',
      'AllowedOAuthFlows',
      'AllowedOAuthFlowsUserPoolClient',
      'AllowedOAuthScopes',
      'CallbackURLs',
      'ClientName',
      'ExplicitAuthFlows',
      'GenerateSecret',
      'IdTokenValidity',
      'LogoutURLs',
      'PreventUserExistenceErrors',
      'RefreshTokenValidity',
      'SupportedIdentityProviders',
      'TokenValidityUnits',
      'UserPoolId',
    ],
    create({ name, properties }, { userPools }) {
      const given = properties as unknown as ClientProperties;
      const id = madeUpId(name, 26);
      const { AccessToken = 'hours', IdToken = 'hours' } = given.TokenValidityUnits ?? {};
      userPools.addClient({
        id,
        poolId: given.UserPoolId,
        scopes: given.AllowedOAuthScopes ?? [],
        tokenLifeS: (given.AccessTokenValidity ?? 1) * SECONDS[AccessToken],
        idTokenLifeS: (given.IdTokenValidity ?? 1) * SECONDS[IdToken],
      });
      return { ref: id, attributes: { ClientId: id } };
    },
  },
  'AWS::Cognito::UserPoolGroup': {
    properties: ['Description', 'GroupName', 'Precedence', 'UserPoolId'],
    create({ name, properties }, { userPools }) {
      const group = String(properties.GroupName ?? name);
      userPools.addGroup(String(properties.UserPoolId), group);
      return { ref: group };
    },
  },
  'AWS::Cognito::UserPoolResourceServer': described(
    ['Identifier', 'Name', 'Scopes', 'UserPoolId'],
    'Identifier',
  ),
  // There are no sign-in pages.
  'AWS::Cognito::UserPoolDomain': described(['Domain', 'UserPoolId', 'ManagedLoginVersion'], 'Domain'),
};
