import type { PreTokenGenerationV2TriggerEvent } from 'aws-lambda';
import { required } from '../common/environment.lambda-shared.ts';
import { OPERATORS, VIEWERS } from './constants.ts';

/**
 * Cognito gives every user of a client the scopes that the client may ask for. Who is in no group of ours loses ours;
 * viewers keep the one to view.
 */
export async function handler(
  event: PreTokenGenerationV2TriggerEvent,
): Promise<PreTokenGenerationV2TriggerEvent> {
  const groups = event.request.groupConfiguration.groupsToOverride ?? [];
  const suppressed: string[] = [];
  if (!groups.includes(OPERATORS)) suppressed.push(required(process.env, 'OPERATOR_SCOPE'));
  if (!groups.includes(OPERATORS) && !groups.includes(VIEWERS)) {
    suppressed.push(required(process.env, 'VIEWER_SCOPE'));
  }
  event.response = {
    claimsAndScopeOverrideDetails: { accessTokenGeneration: { scopesToSuppress: suppressed } },
  };
  return event;
}
