import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../../config/paths.ts';

const DOUBLE = join(packageRoot(), 'test/native/kvs-double');
/** Static libraries of the SDK, and what of the double stands in for them. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  kvsWebrtcClient: ['sdk.cc'],
  usrsctp: ['usrsctp.cc'],
  kvspicState: [],
  kvspicUtils: [],
  srtp2: [],
};

/**
 * Puts an installed KVS WebRTC C SDK there: the one that KVS_WEBRTC_PREFIX names, else the double of the tests.
 * @param folder is made
 */
export function installKvsSdk(folder: string): void {
  const real = process.env.KVS_WEBRTC_PREFIX;
  if (real) return cpSync(real, folder, { recursive: true });
  cpSync(join(DOUBLE, 'include'), join(folder, 'include'), { recursive: true });
  mkdirSync(join(folder, 'lib'));
  const work = mkdtempSync(join(tmpdir(), 'roverd-kvs-sdk-'));
  for (const [name, sources] of Object.entries(LIBRARIES)) {
    const objects = sources.map((source) => {
      const object = join(work, `${source}.o`);
      const flags = ['-std=c++17', '-O1', '-fPIC', `-I${join(DOUBLE, 'include')}`];
      execFileSync('g++', [...flags, '-c', join(DOUBLE, source), '-o', object]);
      return object;
    });
    execFileSync('ar', ['rcs', join(folder, 'lib', `lib${name}.a`), ...objects]);
  }
  rmSync(work, { recursive: true });
}
