/**
 * What compiles the addon on a robot, against a KVS WebRTC C SDK that is installed there: its sources, node-gyp, and
 * Node's headers as far as Node-API needs them. Their interface is the same for every Node.
 */
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SOURCES = ['binding.gyp', 'native'];
const HEADERS = [
  'common.gypi',
  'config.gypi',
  'js_native_api.h',
  'js_native_api_types.h',
  'node_api.h',
  'node_api_types.h',
];
/** Not read by a compiler or by node-gyp. */
const UNREAD = /\/(test|docs?|gyp\/(docs|test))$|\.(md|map|d\.[cm]?ts|ts)$/;

/** @param node folder with include/node, @param to where the kit comes to be */
export function layOutKit(root, node, to) {
  const put = (from, path) =>
    cpSync(from, join(to, path), {
      recursive: true,
      dereference: true,
      filter: (name) => /licen[cs]e/i.test(name) || !UNREAD.test(name),
    });
  mkdirSync(to, { recursive: true });
  for (const path of SOURCES) put(join(root, path), path);
  for (const name of HEADERS) put(join(node, 'include/node', name), join('node/include/node', name));
  for (const name of ['node-addon-api', ...withDependencies(root, 'node-gyp')]) {
    put(join(root, 'node_modules', name), join('node_modules', name));
  }
}

/** A package and all that it needs, as the lock file has them: none of them has a second version below it. */
function withDependencies(root, name) {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const found = new Set();
  const visit = (one) => {
    if (found.has(one)) return;
    found.add(one);
    const at = `node_modules/${one}`;
    const nested = Object.keys(packages).find((path) => path.startsWith(`${at}/node_modules/`));
    if (!packages[at] || nested)
      throw new Error(`Expected ${one} once in package-lock.json but received ${nested}`);
    for (const next of Object.keys(packages[at].dependencies ?? {})) visit(next);
  };
  visit(name);
  return [...found];
}
