/**
 * Where the KVS WebRTC C SDK is installed, for binding.gyp: prints the folder, or nothing when none is named. With
 * the word `libraries` it prints the static libraries to link, in order. Ends with an error when the folder that is
 * named does not hold what is needed.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const HEADER = 'include/com/amazonaws/kinesis/video/webrtcclient/Include.h';
/** The SDK installs no pkg-config files for the first; the other ones come with it or from the system. */
const SDK_LIBRARIES = ['kvsWebrtcClient', 'kvspicState', 'kvspicUtils'];
const CRYPTO_LIBRARIES = ['ssl', 'crypto'];

try {
  const prefix = process.env.KVS_WEBRTC_PREFIX || process.env.npm_config_kvs_webrtc_prefix || '';
  if (process.argv[2] === 'libraries') console.log(libraries(prefix).join('\n'));
  else console.log(prefix === '' ? '' : checked(prefix));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

function checked(prefix) {
  if (!existsSync(join(prefix, HEADER))) {
    throw new Error(
      `Expected KVS_WEBRTC_PREFIX to name an installed KVS WebRTC C SDK but ${prefix}/${HEADER} is missing`,
    );
  }
  libraries(prefix);
  return prefix;
}

function libraries(prefix) {
  const sdk = SDK_LIBRARIES.map((name) => {
    const found = staticLibrary(prefix, name);
    if (found) return found;
    throw new Error(
      `Expected lib${name}.a in ${prefix}/lib: build the SDK with -DBUILD_STATIC_LIBS=ON, so that its OpenSSL and Node's stay apart`,
    );
  });
  const crypto = CRYPTO_LIBRARIES.map((name) => {
    const found = staticLibrary(prefix, name) ?? fromCompiler(`lib${name}.a`);
    if (found) return found;
    throw new Error(`Expected lib${name}.a in ${prefix}/lib or of the system (libssl-dev)`);
  });
  // Shared ones do where the SDK was built with Debian's: neither uses OpenSSL there.
  const transport = ['srtp2', 'usrsctp'].map((name) => staticLibrary(prefix, name) ?? `-l${name}`);
  return [...sdk, ...transport, ...crypto, '-lpthread', '-ldl'];
}

function staticLibrary(prefix, name) {
  return ['lib', 'lib64']
    .map((folder) => join(prefix, folder, `lib${name}.a`))
    .find((path) => existsSync(path));
}

function fromCompiler(file) {
  const path = execFileSync(process.env.CXX ?? 'c++', [`-print-file-name=${file}`], {
    encoding: 'utf8',
  }).trim();
  return path !== file && existsSync(path) ? path : undefined;
}
