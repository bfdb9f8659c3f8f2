/**
 * Makes the archive that install.sh installs:
 *
 *   npm run release -- --key private.pem --releases https://host/roverd [--arch x64|arm64] [--out build/release]
 *
 * Into OUT/VERSION go the archive, its SHA-256 and a signature of that, and the archive of Node for machines without
 * one; into OUT go install.sh with the public key, and `latest`. Those are the files to put at --releases.
 *
 * The same sources, tools and key give the same bytes: times are that of the commit (or SOURCE_DATE_EPOCH), files are
 * ordered, owners and modes are fixed. To be built on Debian 12, whose C library the addons then need at least.
 */
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureAddon, ensureBundles, ensureNpmPackages } from './dev-project.mjs';
import { createSteps, SetupError } from './dev-steps.mjs';
import { ensurePackages } from './dev-system.mjs';
import { pack, sign } from './release-archive.mjs';
import { ensureForeignAddon } from './release-foreign.mjs';
import { ensureModules } from './release-modules.mjs';
import { ensureNodeArchive } from './release-node.mjs';
import { layOut } from './release-tree.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const steps = createSteps(root);
const TARGET_MB = 40;

try {
  await main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

async function main() {
  const options = readOptions();
  const { arch, releases, out } = options;
  const key = readKey(options.key);
  const version = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;
  const madeAtS = sourceTimeS();
  await ensurePackages(steps, 'run');
  await ensureNpmPackages(root, steps);
  const native = arch === process.arch ? await ownAddon() : await ensureForeignAddon(root, steps, arch);
  await ensureBundles(root, steps);
  const modules = await ensureModules(root, steps, arch);
  const node = await ensureNodeArchive(root, steps, arch);

  const name = `roverd-${version}-linux-${arch}`;
  const folder = join(out, version);
  const tree = join(root, 'build', 'release-tree', name);
  mkdirSync(folder, { recursive: true });
  rmSync(tree, { recursive: true, force: true });
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).trim();
  const filled = { RELEASES: releases, MADE_AT_S: `${madeAtS}`, PUBLIC_KEY: publicKey };
  layOut({ root, tree, version, arch, native, modules, node, filled });

  const archive = join(folder, `${name}.tar.gz`);
  await steps.step(`archive for ${arch}`, async ({ say }) => {
    pack(tree, archive, madeAtS);
    sign(archive, key);
    const mb = statSync(archive).size / 1e6;
    say(
      `${archive}, ${mb.toFixed(1)} MB${mb > TARGET_MB ? ` (more than the ${TARGET_MB} MB it may have)` : ''}`,
    );
  });
  execFileSync('cp', [node.archive, join(folder, node.name)]);
  execFileSync('cp', [join(tree, 'installer/install.sh'), join(out, 'install.sh')]);
  writeFileSync(join(out, 'latest'), `${version}\n`);
}

async function ownAddon() {
  await ensureAddon(root, steps);
  return join(root, 'build/Release');
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      key: { type: 'string', default: process.env.RELEASE_KEY },
      releases: { type: 'string', default: '' },
      arch: { type: 'string', default: process.arch },
      out: { type: 'string', default: join(root, 'build/release') },
    },
  });
  if (!values.key)
    throw new SetupError(
      'Expected --key (or RELEASE_KEY) to name the file of an Ed25519 private key.\nopenssl genpkey -algorithm ed25519 -out private.pem makes one.',
    );
  if (!['x64', 'arm64'].includes(values.arch))
    throw new SetupError(`Expected --arch to be x64 or arm64 but received ${values.arch}`);
  return values;
}

function readKey(path) {
  const key = createPrivateKey(readFileSync(path));
  if (key.asymmetricKeyType !== 'ed25519')
    throw new SetupError(`Expected ${path} to hold an Ed25519 key but it is ${key.asymmetricKeyType}`);
  return key;
}

/** When these sources were made, in seconds since 1970: the time that every file of the archive has. */
function sourceTimeS() {
  const { SOURCE_DATE_EPOCH } = process.env;
  if (SOURCE_DATE_EPOCH) return Number(SOURCE_DATE_EPOCH);
  try {
    return Number(execFileSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' }));
  } catch {
    throw new SetupError('Expected a git checkout, or SOURCE_DATE_EPOCH: the time the sources were made.');
  }
}
