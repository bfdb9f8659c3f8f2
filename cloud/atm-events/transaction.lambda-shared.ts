/**
 * A transaction of the posts' bank, in JSON Schema draft 4: the registry of EventBridge holds it, the producer checks by
 * it. Further attributes may come, as the posts have it.
 */
export const TRANSACTION_SCHEMA = {
  $schema: 'http://json-schema.org/draft-04/schema#',
  title: 'Transaction',
  type: 'object',
  required: ['action', 'location', 'amount', 'result', 'transactionId', 'cardPresent'],
  properties: {
    action: { type: 'string', minLength: 1, maxLength: 64 },
    // State, city and machine, as in NY-NYC-001.
    location: { type: 'string', pattern: '^[A-Z]{2}-[A-Z]{3}-[0-9A-Z]{1,16}$' },
    amount: { type: 'number', minimum: 0 },
    result: { type: 'string', minLength: 1, maxLength: 64 },
    transactionId: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
    cardPresent: { type: 'boolean' },
    partnerBank: { type: 'string', minLength: 1, maxLength: 128 },
    remainingFunds: { type: 'number' },
  },
} as const;

export interface Transaction {
  readonly action: string;
  readonly location: string;
  readonly amount: number;
  readonly result: string;
  readonly transactionId: string;
  readonly cardPresent: boolean;
  readonly partnerBank?: string;
  readonly remainingFunds?: number;
}
