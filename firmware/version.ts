/** Put in by the bundler from package.json. */
declare const ROVERD_VERSION: string;

export const VERSION: string = ROVERD_VERSION;
