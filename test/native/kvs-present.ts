import { AddonMissingError, loadAddon } from '../../native/addon.ts';

const ENABLE =
  'build the KVS WebRTC C SDK (1.14 or later, -DBUILD_STATIC_LIBS=ON), set KVS_WEBRTC_PREFIX to where it is installed, and run npm start';

/** Why tests of the real SDK can't run here, or null. */
export function kvsMissing(): string | null {
  try {
    return loadAddon().kvs === null ? 'the addon was compiled without the SDK' : null;
  } catch (error) {
    if (error instanceof AddonMissingError) return error.message;
    throw error;
  }
}

/** Prints why and how to enable. */
export function skipWithoutKvs(what: string): boolean {
  const missing = kvsMissing();
  if (missing !== null) console.log(`SKIP ${what}: ${missing}; enable: ${ENABLE}`);
  return missing !== null;
}
