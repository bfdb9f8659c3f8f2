/** Node as npm's packages node-linux-ARCH bring it: the program for machines without one, and its headers. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from './dev-project.mjs';
import { unlessStamped } from './dev-stamp.mjs';
import { pack, sha256Of } from './release-archive.mjs';

/** What a robot without a Node that serves gets. */
const SHIPPED = '24.21.0';

/** @returns the folder with bin/node and include/node */
export async function ensureNode(root, steps, version, arch) {
  const name = `node-linux-${arch}`;
  const folder = join(root, 'build', `node-${version}-${arch}`);
  mkdirSync(folder, { recursive: true });
  await unlessStamped(join(folder, 'stamp'), `${name}@${version}`, () =>
    steps.step(`Node ${version} for ${arch}`, ({ run }) => {
      const quiet = ['--ignore-scripts', '--no-save', '--no-package-lock', '--no-audit', '--no-fund'];
      // For another architecture npm has to be told twice.
      const platform = ['--os=linux', `--cpu=${arch}`, ...(arch === process.arch ? [] : ['--force'])];
      return run(...npm(['install', '--prefix', folder, ...quiet, ...platform, `${name}@${version}`]));
    }),
  );
  return join(folder, 'node_modules', name);
}

/**
 * An archive of bin/node and its license only, without npm.
 * @returns {Promise<{archive: string, name: string, sha256: string, headers: string}>} `headers`: with include/node
 */
export async function ensureNodeArchive(root, steps, arch) {
  const node = await ensureNode(root, steps, SHIPPED, arch);
  const title = `node-${SHIPPED}-linux-${arch}`;
  const folder = join(root, 'build', `node-archive-${arch}`);
  const tree = join(folder, title);
  const archive = join(folder, `${title}.tar.gz`);
  mkdirSync(folder, { recursive: true });
  await unlessStamped(join(folder, 'stamp'), title, () =>
    steps.step(`archive of Node ${SHIPPED} for ${arch}`, async () => {
      rmSync(tree, { recursive: true, force: true });
      mkdirSync(join(tree, 'bin'), { recursive: true });
      for (const file of ['bin/node', 'LICENSE'])
        cpSync(join(node, file), join(tree, file), { dereference: true });
      // The same for every release that brings this Node.
      pack(tree, archive, 0);
    }),
  );
  return { archive, name: `${title}.tar.gz`, sha256: sha256Of(archive), headers: node };
}
