/** Figures and names that the stack and its handlers share. */

/** Names that serve as thing name, MQTT client id, topic level and channel name at once. */
export const ROBOT_NAME = /^[A-Za-z0-9_-]{1,64}$/;
export const DEFAULT_ROBOT = 'sts-pi';
/** As many publish grants fit into one inline policy (10240 characters). */
export const MAX_ROBOTS = 50;

/** The original's stage: part of the address that its web page is configured with. */
export const STAGE = 'Prod';
export const THROTTLE = { perS: 50, burst: 100 };

/** Life of a command that came without `ttlMs`: as long as the robot's default `command.maxAgeMs`. */
export const DEFAULT_TTL_MS = 1000;
/** One attempt to publish, and both together: an operator learns of a failure while it still matters. */
export const PUBLISH_ATTEMPT_MS = 1000;
export const PUBLISH_BUDGET_MS = 2500;
/** A command to drive is tried again only when the first attempt failed this fast: below the robot's watchdog (400). */
export const RETRY_DRIVE_MS = 200;

/** How long the address of a viewer's socket is good, as AWS's own clients sign it. TURN logins last as long. */
export const VIEWER_URL_S = 299;
/** One call to Kinesis Video Streams; a viewer takes at most three, one after another. */
export const KVS_ATTEMPT_MS = 2500;
/** How long a channel's ARN and endpoints are used again. */
export const CHANNEL_CACHE_MS = 600_000;

/** Scopes of an access token. */
export const OPERATOR_SCOPE = 'roverd/operate';
export const VIEWER_SCOPE = 'roverd/view';

/** Groups of the user pool, where Cognito is the provider. */
export const OPERATORS = 'operators';
export const VIEWERS = 'viewers';

/** API Gateway goes on using a policy this long; what a token allowed may outlive a revocation by as much. At most 300. */
export const AUTHORIZER_TTL_S = 60;
/** Three parts of base64url, after the word. What looks otherwise is refused before any function runs. */
export const TOKEN_PATTERN = '^(Bearer )[a-zA-Z0-9\\-_]+?\\.[a-zA-Z0-9\\-_]+?\\.([a-zA-Z0-9\\-_]+)$';
/** Signatures accepted: all asymmetric, so that no key of the provider can be used to forge one. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** The robot shows a longer name to nobody. */
export const MAX_NAME_LENGTH = 40;
/** How far the provider's clock may differ from Lambda's. */
export const CLOCK_TOLERANCE_S = 5;
/** A token issued longer ago is refused however late it expires. */
export const MAX_TOKEN_AGE_S = 24 * 3600;
/** How long the permissions read from a table are used again. */
export const PERMISSIONS_CACHE_MS = 60_000;
export const MAX_PERMISSIONS = 1000;

/** How long telemetry is kept. */
export const TELEMETRY_DAYS = 30;
/** What is taken from a message on `<name>/telemetry`, as the robot's cloud link sends it. */
export const TELEMETRY_FIELDS = [
  'atMs',
  'uptimeS',
  'samples',
  'wheels',
  'estop',
  'operator',
  'reasons',
  'counters',
  'video',
  'cloud',
  'pose',
  'late',
  'dropped',
];
/** The same of `<name>/status`. */
export const STATUS_FIELDS = ['state', 'version', 'atMs'];

export const METRICS_NAMESPACE = 'roverd';
