/** The npm packages that the bundles load at run time, for one platform, with addons for every Node that may come. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NATIVE_PACKAGES, npm } from './dev-project.mjs';
import { hashOf, unlessStamped } from './dev-stamp.mjs';
import { compilerFor } from './release-foreign.mjs';
import { ensureNode } from './release-node.mjs';

/** What installer/build.mjs leaves out of the bundles. raspi-io is not among them: it needs root, and no Pi 5. */
const PACKAGES = ['aws-iot-device-sdk-v2', 'i2c-bus', 'johnny-five', 'node-datachannel'];

/** Version of Node whose headers the addons of NATIVE_PACKAGES are built with, and its ABI. */
export const NODE_ABIS = { '20.20.2': 115, '22.23.3': 127, '24.21.0': 137 };

/** @returns the folder with node_modules */
export async function ensureModules(root, steps, arch) {
  const folder = join(root, 'build', `release-modules-${arch}`);
  const sources = ['package.json', 'package-lock.json', 'installer/release-modules.mjs'];
  mkdirSync(folder, { recursive: true });
  await unlessStamped(join(folder, 'stamp'), hashOf(root, sources, arch), async () => {
    rmSync(join(folder, 'node_modules'), { recursive: true, force: true });
    await steps.step(`npm packages for ${arch}`, ({ run }) => installPackages(root, folder, arch, run));
    for (const version of Object.keys(NODE_ABIS)) {
      const node = await ensureNode(root, steps, version, process.arch);
      await steps.step(`addons for Node ${version} on ${arch}`, async ({ run }) => {
        for (const name of NATIVE_PACKAGES)
          await buildAddon(root, folder, { name, version, arch, node, run });
      });
    }
    prune(join(folder, 'node_modules'), arch);
  });
  return folder;
}

/** As the lock file says, for another platform where need be. */
async function installPackages(root, folder, arch, run) {
  const { dependencies, overrides } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const wanted = Object.fromEntries(PACKAGES.map((name) => [name, dependencies[name]]));
  const manifest = { name: 'roverd-release', private: true, dependencies: wanted, overrides };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  cpSync(join(root, 'package-lock.json'), join(folder, 'package-lock.json'));
  const platform = ['--os=linux', `--cpu=${arch}`, '--libc=glibc'];
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev'];
  await run(...npm(['install', '--prefix', folder, ...quiet, ...platform]));
}

/** `bindings`, by which these packages find their addon, looks into a folder for each ABI last. */
async function buildAddon(root, folder, { name, version, arch, node, run }) {
  const at = join(folder, 'node_modules', name);
  if (!existsSync(at)) throw new Error(`Expected ${name} among the packages of the release`);
  const options = ['rebuild', `--directory=${at}`, `--nodedir=${node}`, `--arch=${arch}`];
  const gyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  const { env, strip } = compilerFor(arch);
  // What npm's configuration says about headers goes before the option.
  await run(process.execPath, [gyp, ...options], { env: { ...env, npm_config_nodedir: node } });
  const target = join(at, 'lib/binding', `node-v${NODE_ABIS[version]}-linux-${arch}`);
  const built = join(at, 'build/Release');
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(built).filter((one) => one.endsWith('.node'))) {
    await run(strip, ['--strip-unneeded', '-o', join(target, file), join(built, file)]);
  }
  rmSync(join(at, 'build'), { recursive: true });
  if (arch === process.arch) await run(join(node, 'bin/node'), ['-e', `require(${JSON.stringify(at)})`]);
}

/** What is only for building, for reading, or for other platforms. */
function prune(modules, arch) {
  const remove = (path) => rmSync(join(modules, path), { recursive: true, force: true });
  const binaries = join(modules, 'aws-crt/dist/bin');
  for (const platform of readdirSync(binaries)) {
    if (platform !== `linux-${arch}-glibc`) remove(join('aws-crt/dist/bin', platform));
  }
  for (const path of ['.bin', '.package-lock.json', 'nan', 'node-addon-api', 'prebuild-install'])
    remove(path);
  for (const path of ['aws-crt/dist.browser', 'aws-crt/lib', 'node-datachannel/src', 'i2c-bus/src'])
    remove(path);
  const idle = /(^|\/)(test|tests|example|examples|doc|docs|integration-test|\.github|eg|assets)$/;
  const unread =
    /\.(md|markdown|map|d\.[cm]?ts|tsx?|cc|cpp|h|c|gyp|gypi|yml|png|fzz)$|(^|\/)(\.[^/]+|Gruntfile\.js)$/;
  for (const entry of readdirSync(modules, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name).slice(modules.length + 1);
    const license = /licen[cs]e|notice/i.test(entry.name);
    if (!license && (entry.isDirectory() ? idle : unread).test(path)) remove(path);
  }
}
