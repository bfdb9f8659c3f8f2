import { RemovalPolicy } from 'aws-cdk-lib';
import { AccountRecovery, FeaturePlan, Mfa, UserPool } from 'aws-cdk-lib/aws-cognito';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';

/** A user pool of a stack's own: people are invited by e-mail, sign in with a second factor, and go with the stack. */
export function invitedUserPool(scope: Construct, id: string): UserPool {
  const pool = new UserPool(scope, id, {
    selfSignUpEnabled: false,
    // The least plan in which a function may change what stands in access tokens.
    featurePlan: FeaturePlan.ESSENTIALS,
    signInAliases: { email: true },
    accountRecovery: AccountRecovery.EMAIL_ONLY,
    passwordPolicy: {
      minLength: 12,
      requireDigits: true,
      requireLowercase: true,
      requireUppercase: true,
      requireSymbols: true,
    },
    mfa: Mfa.REQUIRED,
    mfaSecondFactor: { otp: true, sms: false },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  acknowledge(pool, {
    'AwsSolutions-COG8':
      'The Plus plan is paid by user for threat protection; sign-in here is by invitation and second factor.',
  });
  return pool;
}
