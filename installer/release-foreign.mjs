/** Building for an architecture other than this machine's, with Debian's cross compilers and a tree of its packages. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { filesBelow, hashOf, unlessStamped } from './dev-stamp.mjs';
import { SetupError } from './dev-steps.mjs';
import { ensureNode } from './release-node.mjs';

const DEBIAN = {
  arm64: { name: 'arm64', triplet: 'aarch64-linux-gnu' },
  x64: { name: 'amd64', triplet: 'x86_64-linux-gnu' },
};
const HEADERS = ['libgstreamer1.0-dev', 'libgstreamer-plugins-base1.0-dev', 'libc6-dev', 'libstdc++-12-dev'];
const HEADERS_OF_NODE = '24.21.0';

/** @returns {{env: Record<string, string>, strip: string}} what node-gyp has to be told */
export function compilerFor(arch, sysroot = null) {
  if (arch === process.arch) return { env: {}, strip: 'strip' };
  const { triplet } = DEBIAN[arch];
  const root = sysroot ? ` --sysroot=${sysroot}` : '';
  const env = {
    CC: `${triplet}-gcc${root}`,
    CXX: `${triplet}-g++${root}`,
    LINK: `${triplet}-g++${root}`,
    AR: `${triplet}-ar`,
    ...(sysroot && {
      PKG_CONFIG_SYSROOT_DIR: sysroot,
      PKG_CONFIG_LIBDIR: `${sysroot}/usr/lib/${triplet}/pkgconfig:${sysroot}/usr/share/pkgconfig`,
    }),
  };
  return { env, strip: `${triplet}-strip` };
}

/** @returns the folder with the addon and the guardian for that architecture */
export async function ensureForeignAddon(root, steps, arch) {
  const { triplet, name } = DEBIAN[arch];
  need(`${triplet}-g++`, `g++-${triplet.replaceAll('_', '-')}`);
  need('debootstrap', 'debootstrap');
  const folder = join(root, 'build', `foreign-${arch}`);
  const sysroot = join(folder, 'sysroot');
  mkdirSync(folder, { recursive: true });
  await unlessStamped(join(folder, 'sysroot-stamp'), HEADERS.join(' '), () =>
    steps.step(`headers and libraries of Debian for ${arch}`, async ({ run }) => {
      rmSync(sysroot, { recursive: true, force: true });
      const options = ['--foreign', `--arch=${name}`, '--variant=minbase', `--include=${HEADERS.join(',')}`];
      await run('debootstrap', [...options, 'bookworm', sysroot, 'http://deb.debian.org/debian']);
      const packages = join(sysroot, 'var/cache/apt/archives');
      for (const file of readdirSync(packages).filter((one) => one.endsWith('.deb'))) {
        await run('dpkg-deb', ['-x', join(packages, file), sysroot]);
      }
    }),
  );
  const node = await ensureNode(root, steps, HEADERS_OF_NODE, process.arch);
  const sources = ['binding.gyp', 'package-lock.json', ...filesBelow(root, 'native', ['.c', '.cc', '.h'])];
  await unlessStamped(join(folder, 'stamp'), hashOf(root, sources, HEADERS_OF_NODE), () =>
    steps.step(`camera addon for ${arch}`, async ({ run }) => {
      const { env } = compilerFor(arch, sysroot);
      const work = join(folder, 'work');
      rmSync(work, { recursive: true, force: true });
      mkdirSync(work);
      // In a place of its own: node-gyp writes to build/, which holds what is built for this machine.
      await run('cp', [
        '-a',
        join(root, 'binding.gyp'),
        join(root, 'native'),
        join(root, 'package.json'),
        work,
      ]);
      await run('ln', ['-s', join(root, 'node_modules'), join(work, 'node_modules')]);
      const gyp = join(root, 'node_modules/node-gyp/bin/node-gyp.js');
      await run(
        process.execPath,
        [gyp, 'rebuild', `--directory=${work}`, `--arch=${arch}`, `--nodedir=${node}`],
        {
          env: { ...env, npm_config_nodedir: node },
        },
      );
    }),
  );
  return join(folder, 'work/build/Release');
}

function need(command, packageName) {
  const found = spawnSync('sh', ['-c', `command -v "${command}"`], { stdio: 'ignore' }).status === 0;
  if (!found && !existsSync(command))
    throw new SetupError(
      `${command} is needed to build for another architecture: sudo apt-get install ${packageName}`,
    );
}
