import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Shorter than this is no reason. */
const MIN_REASON_LENGTH = 30;

/**
 * Accepts findings of cdk-nag on one construct and what is under it.
 * @param findings reasons by finding: a rule (`AwsSolutions-COG3`) or one finding of it (`AwsSolutions-IAM5[Resource::*]`)
 * @throws Error when a reason is missing or too short to be one
 */
export function acknowledge(scope: IConstruct, findings: Readonly<Record<string, string>>): void {
  for (const [id, reason] of Object.entries(findings)) {
    if (reason.trim().length < MIN_REASON_LENGTH) {
      throw new Error(
        `Expected a reason of at least ${MIN_REASON_LENGTH} characters for ${id} at ${scope.node.path} but received "${reason}"`,
      );
    }
    Validations.of(scope).acknowledge({ id, reason });
  }
}
