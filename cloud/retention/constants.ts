/** Figures and names of the stack, its functions and its tests. Those of the post stay as they are there. */

export const TABLE = 'objects-to-process';
export const DATABASE = 'data_db';
export const CRAWLER = 'data-crawler';
export const WORKGROUP = 'data-workgroup';

/** Objects under this prefix are rewritten when their time is up. */
export const PREFIX = 'dataset/';
/** Where Athena puts results, which can hold what the objects hold. */
export const RESULTS_PREFIX = 'athena-results/';
export const RESULTS_DAYS = 1;

export const DEFAULT_TTL_S = 300;
export const DEFAULT_FIELD = 'file_contents';

/** What an object has once it was rewritten. An object with any tag is not taken on. */
export const PROCESSED_TAG = 'PROCESSED=True';

/** EventBridge Scheduler's group of one-time schedules. */
export const SCHEDULE_GROUP = 'roverd-retention';

/** Objects rewritten at a time by one instance. Each takes about `PARTS_AT_ONCE + 1` parts of memory. */
export const BATCH_SIZE = 4;
export const PART_BYTES = 6 * 1024 * 1024;
export const PARTS_AT_ONCE = 2;

/** A service that fails is tried again after 1, 2, 4, 8 and 16 minutes, each time by another expiry. */
export const MAX_ATTEMPTS = 5;
export const FIRST_RETRY_S = 60;

/** What is left of an invocation for giving up an object and putting it back. */
export const RESERVE_MS = 15_000;

export const NAMESPACE = 'Roverd/Retention';
