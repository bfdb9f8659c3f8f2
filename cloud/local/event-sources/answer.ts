/**
 * Which records of a batch a function reports as failed.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html and
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting
 * Success is an empty answer, null, or one whose `batchItemFailures` is missing, null or empty. An item without a proper
 * `itemIdentifier`, or one that names nothing of the batch, makes the whole batch one that failed.
 * @param payload the answer, JSON
 * @param identifiers of the records, in their order
 * @returns places in the batch, ascending; all of them where the answer is not to be understood
 */
export function failedPlaces(payload: string, identifiers: readonly string[]): readonly number[] {
  const all = [...identifiers.keys()];
  const answer: unknown = JSON.parse(payload);
  if (answer === null) return [];
  if (typeof answer !== 'object' || Array.isArray(answer)) return all;
  const { batchItemFailures: items = null } = answer as { readonly batchItemFailures?: unknown };
  if (items === null) return [];
  if (!Array.isArray(items)) return all;
  const places = items.map((item: unknown) =>
    identifiers.indexOf(String((item as { readonly itemIdentifier?: unknown } | null)?.itemIdentifier)),
  );
  return places.includes(-1) ? all : [...new Set(places)].sort((a, b) => a - b);
}
