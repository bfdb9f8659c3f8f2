/** Figures of the stack and its templates. */

/** The post's stage: part of the API's own address, not of the one that people use. */
export const STAGE = 'Prod';

/** Requests a second, and how many at once. */
export const THROTTLE = { perS: 2000, burst: 1000 };
export const REDIRECT_THROTTLE = { perS: 10_000, burst: 4000 };

/** How long a redirect may be kept: by the stage, by CloudFront, by a browser; each for itself. */
export const REDIRECT_CACHE_S = 300;

/** A link's name: what stands behind the host. `app` is the API's own. */
export const LINK_ID = '^[A-Za-z0-9_-]{1,64}$';
export const RESERVED_IDS = ['app'];

/**
 * http or https, a host without user and password, and characters that may stand in a header as they are. An address with
 * others has to come percent-encoded, as browsers show it when it is copied.
 */
export const LINK_URL = '^[Hh][Tt][Tt][Pp][Ss]?://[A-Za-z0-9.:%_~\\[\\]-]+([/?#][!-~]*)?$';
export const MAX_URL_LENGTH = 2048;

/** The index by which an owner's links are listed, the newest first. */
export const OWNER_INDEX = 'OwnerIndex';

/** Shares and delay by which the post judges its API. */
export const MAX_ERROR_RATIO = 0.01;
export const SLOW_MS = 75;
