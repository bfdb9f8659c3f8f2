/** Names and figures that the stack and its handlers share. */

/** As in the posts: what every rule asks for first. */
export const SOURCE = 'custom.myATMapp';
export const DETAIL_TYPE = 'transaction';

export const BUS_NAME = 'roverd-atm';
export const SCHEMA_REGISTRY = 'roverd-atm';
/** As EventBridge's own discovery names schemas. */
export const SCHEMA_NAME = `${SOURCE}@Transaction`;

/** Consumers: each keeps what it was given under its own name. */
export const CONSUMERS = {
  approved: 'approved',
  newYork: 'newYork',
  notApproved: 'notApproved',
  large: 'large',
  newYorkCity: 'newYorkCity',
  partnerBank: 'partnerBank',
  ownElsewhere: 'ownElsewhere',
  objects: 'objects',
} as const;
export type Consumer = (typeof CONSUMERS)[keyof typeof CONSUMERS];

/** More than this is a large amount. */
export const LARGE_AMOUNT = 300;

/** What PutEvents takes at once: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html */
export const MAX_ENTRIES = 10;
/** All entries of a request together stay below. */
export const MAX_REQUEST_BYTES = 1024 * 1024;

/** Tries of an entry, the first among them. */
export const MAX_TRIES = 5;
/** The longest wait before the second try; before each further one twice as long. */
export const FIRST_WAIT_MS = 200;
/** A call of EventBridge or SQS, its own tries included. */
export const CALL_MS = 3000;
export const PRODUCER_S = 30;
/** With less time left than this, what is not put goes to the queue. */
export const RESERVE_MS = 2 * CALL_MS;

/** How long a consumer remembers what it was given; a replay of the archive reaches as far back. */
export const KEPT_DAYS = 30;
/** How often a message of a queue is given out before it is given up. */
export const RECEIVES = 5;
/** EventBridge goes on this long where a target can't take an event. */
export const DELIVERY_HOURS = 24;

export const METRICS_NAMESPACE = 'roverd/atm-events';
