/** What is in a release, and where. */
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { layOutKit } from './release-kit.mjs';
import { NODE_ABIS } from './release-modules.mjs';

/** From, and to where that differs; what is run as a program is 0755. */
const FILES = [
  ['package.json'],
  // By it the bundles know the root: config/paths.ts.
  ['binding.gyp'],
  ['README.md'],
  ['config/README.md'],
  ['config/roverd.sample.json'],
  ['installer/dev-first-picture.mjs'],
  ['installer/configuration.mjs'],
  ['installer/roverd.service'],
  ['installer/setup.sh', { program: true }],
  ['installer/setup'],
  ['installer/uninstall.sh', { program: true }],
  ['installer/launcher.sh', { to: 'bin/roverd', program: true }],
  ['installer/silence.sh', { to: 'bin/silence', program: true }],
];

/**
 * @param {object} parts
 * @param {string} parts.native folder with the addon and the guardian
 * @param {string} parts.modules folder with node_modules
 * @param {{name: string, sha256: string, headers: string}} parts.node as ensureNodeArchive() gives it
 * @param {Record<string, string>} parts.filled what stands for @RELEASES@ and its like in install.sh
 */
export function layOut({ root, tree, version, arch, native, modules, node, filled }) {
  const put = (from, to, program = false) => {
    mkdirSync(dirname(join(tree, to)), { recursive: true });
    cpSync(from, join(tree, to), { recursive: true, dereference: true });
    if (program) chmodSync(join(tree, to), 0o755);
  };
  for (const [path, { to = path, program = false } = {}] of FILES) put(join(root, path), to, program);
  cpSync(join(root, 'dist'), join(tree, 'dist'), { recursive: true, filter: belongs(join(root, 'dist')) });
  for (const name of ['roverd_native.node', 'roverd_guardian'])
    put(join(native, name), `build/Release/${name}`, true);
  put(join(modules, 'node_modules'), 'node_modules');
  layOutKit(root, node.headers, join(tree, 'kit'));
  writeFileSync(
    join(tree, 'release'),
    `version=${version}\narch=${arch}\nnode_abis=${Object.values(NODE_ABIS).join(' ')}\n`,
  );
  writeFileSync(join(tree, 'node.sha256'), `${node.sha256}  ${node.name}\n`);
  writeFileSync(join(tree, 'installer/install.sh'), fill(join(root, 'installer/install.sh'), filled));
  chmodSync(join(tree, 'installer/install.sh'), 0o755);
}

/** Bundles and page; neither the tests that are bundled beside them nor source maps, which double the size. */
function belongs(dist) {
  return (path) => {
    const inside = path.slice(dist.length + 1);
    return !/^(test|cloud|bench)(\/|$)/.test(inside) && !/\.map$|-stamp$/.test(inside);
  };
}

function fill(path, values) {
  let text = readFileSync(path, 'utf8');
  for (const [name, value] of Object.entries(values)) text = text.replaceAll(`@${name}@`, () => value);
  return text;
}
