/** What is made inside the project's folder: npm packages, the addon, GStreamer's registry, the bundles. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, homedir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { filesBelow, hashOf, unlessStamped } from './dev-stamp.mjs';

const NODE_GYP = 'node_modules/node-gyp/bin/node-gyp.js';
const nodeMajor = process.versions.node.split('.')[0];

export async function ensureNpmPackages(root, steps) {
  const hash = hashOf(root, ['package-lock.json'], nodeMajor, process.arch);
  await unlessStamped(join(root, 'node_modules/.roverd-stamp'), hash, async () => {
    if (installedAsLocked(root)) return;
    await steps.step('npm packages', ({ run }) =>
      run(...npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=http'])),
    );
  });
}

/** Packages with addons that are built for one Node's ABI; the others of them bring theirs along, built for N-API. */
export const NATIVE_PACKAGES = ['i2c-bus', '@serialport/bindings'];

/** @param {string} node path of the Node that will load them, with its headers beside it or known to node-gyp */
export async function ensureNativePackages(root, steps, node = process.execPath) {
  for (const name of NATIVE_PACKAGES) {
    const folder = join('node_modules', name);
    if (!existsSync(join(root, folder))) continue;
    const abi = node === process.execPath ? process.versions.modules : abiOf(node);
    const words = hashOf(root, [join(folder, 'package.json')], abi, process.arch);
    await unlessStamped(join(root, folder, '.roverd-stamp'), words, () =>
      steps.step(`addon of ${name}`, ({ run }) =>
        run(node, [NODE_GYP, 'rebuild', `--directory=${folder}`], { env: headersOf(node) }),
      ),
    );
  }
}

export async function ensureAddon(root, steps) {
  const sources = [
    'binding.gyp',
    'package-lock.json',
    ...filesBelow(root, 'native', ['.c', '.cc', '.h', '.mjs']),
  ];
  mkdirSync(join(root, 'build'), { recursive: true });
  await unlessStamped(join(root, 'build/addon-stamp'), hashOf(root, sources, process.arch, ...kvsSdk()), () =>
    steps.step('camera addon', ({ run }) => {
      // Not `rebuild`: it would remove build/ with everything else that is kept there. make follows the headers.
      const nodeGyp = [NODE_GYP, 'configure', 'build', `--jobs=${compilers()}`];
      return run(process.execPath, nodeGyp, { env: headersOf(process.execPath) });
    }),
  );
}

export async function ensureBundles(root, steps) {
  const sources = ['firmware', 'config', 'native', 'installer'].flatMap((folder) =>
    filesBelow(root, folder, ['.ts', '.mjs', '.html', '.css', '.json', '.svg', '.png', '.webmanifest']),
  );
  const hash = hashOf(root, ['package.json', 'package-lock.json', ...sources]);
  mkdirSync(join(root, 'dist'), { recursive: true });
  await unlessStamped(join(root, 'dist/bundle-stamp'), hash, () => {
    // Their names carry a hash: those of earlier builds would pile up.
    rmSync(join(root, 'dist/chunks'), { recursive: true, force: true });
    return steps.step('bundles', ({ run }) => run(process.execPath, ['installer/build.mjs']));
  });
}

/**
 * GStreamer looks through all its plug-ins when it starts for the first time, which takes seconds and would fall
 * to the first viewer. One picture taken here does it ahead.
 */
export async function warmGstreamer(_root, steps) {
  const registry = newestRegistry();
  const plugins = pluginFolder();
  if (registry !== null && (plugins === null || registry > plugins)) return;
  try {
    await steps.step('GStreamer plug-ins', ({ run }) =>
      run(process.execPath, ['installer/dev-first-picture.mjs']),
    );
  } catch {
    // The robot runs without a camera and says why; `roverd doctor` tells more.
    console.error('      No picture yet: see `node dist/roverd.js doctor`.');
  }
}

/**
 * @param {string} major of Node, such as 24
 * @returns the path of that Node, put below build/ from npm's package of it
 */
export async function otherNode(root, steps, major) {
  const name = `node-linux-${process.arch}`;
  const folder = join('build', `node-${major}`);
  const node = join(root, folder, 'node_modules', name, 'bin/node');
  mkdirSync(join(root, folder), { recursive: true });
  await unlessStamped(join(root, folder, 'stamp'), `${name}@${major}`, () =>
    steps.step(`Node ${major}`, async ({ run, say }) => {
      const target = [
        'install',
        '--prefix',
        folder,
        '--no-save',
        '--no-package-lock',
        '--no-audit',
        '--no-fund',
      ];
      await run(...npm([...target, `${name}@${major}`]));
      await run(node, ['--version']);
      say(node.slice(root.length + 1));
    }),
  );
  return node;
}

/** npm itself keeps in node_modules what it has put there: a developer's `npm install` is as good as ours. */
function installedAsLocked(root) {
  const read = (path) => JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  try {
    const installed = read('node_modules/.package-lock.json');
    const locked = Object.entries(read('package-lock.json')).filter(([path]) => path !== '');
    return (
      locked.every(([path, { version, optional, peer }]) =>
        path in installed
          ? installed[path].version === version && existsSync(join(root, path))
          : optional || peer,
      ) && Object.keys(installed).every((path) => locked.some(([known]) => known === path))
    );
  } catch {
    return false;
  }
}

/** npm of the same installation as this Node, so that both work without being on the PATH. */
export function npm(args) {
  const besides = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const script = process.env.npm_execpath ?? (existsSync(besides) ? besides : null);
  return /\.[cm]?js$/.test(script ?? '') ? [process.execPath, [script, ...args]] : ['npm', args];
}

/** The KVS WebRTC C SDK to build with, where one is named (native/kvs-prefix.mjs), and when it was installed. */
function kvsSdk() {
  const prefix = process.env.KVS_WEBRTC_PREFIX || process.env.npm_config_kvs_webrtc_prefix;
  if (!prefix) return [];
  const libraries = ['lib', 'lib64'].flatMap((folder) =>
    list(join(prefix, folder)).map((name) => join(prefix, folder, name)),
  );
  return [prefix, String(newest(libraries))];
}

/** Compilers at a time: one takes up to 1 GiB, more than the smallest Pi has. */
function compilers() {
  return Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 30)));
}

function abiOf(node) {
  return execFileSync(node, ['-p', 'process.versions.modules'], { encoding: 'utf8' }).trim();
}

/**
 * The headers that came with a Node, if they did: node-gyp need not fetch them then. As a variable, which node-gyp
 * heeds before its own --nodedir: a person's npm may have set it for another Node.
 */
function headersOf(node) {
  const prefix = dirname(dirname(node));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {};
}

function newestRegistry() {
  const { GST_REGISTRY, XDG_CACHE_HOME } = process.env;
  const folder = join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'gstreamer-1.0');
  const files = GST_REGISTRY ? [GST_REGISTRY] : list(folder).map((name) => join(folder, name));
  return newest(files.filter((file) => GST_REGISTRY || /registry\..*\.bin$/.test(file)));
}

function pluginFolder() {
  const folders = ['/usr/lib', ...list('/usr/lib').map((name) => `/usr/lib/${name}`)];
  return newest(folders.map((folder) => join(folder, 'gstreamer-1.0')));
}

function newest(paths) {
  const times = paths.filter((path) => existsSync(path)).map((path) => statSync(path).mtimeMs);
  return times.length > 0 ? Math.max(...times) : null;
}

function list(folder) {
  return existsSync(folder) ? readdirSync(folder) : [];
}
