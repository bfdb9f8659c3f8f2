/** `ci` puts stand-ins for the tools in place, `install` a Node that says its name. */
import { appendFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const project = process.env.PROJECT;
const [command, ...args] = process.argv.slice(2);
appendFileSync(`${project}/calls`, `npm ${command} ${args.join(' ')}\n`);
console.log('npm http fetch GET 200');

if (command === 'ci') {
  writeFileSync(`${project}/npm-begun`, '');
  if (existsSync(`${project}/slow-npm`)) await delay(60_000);
  for (const [from, to] of [
    ['node-gyp.cjs', 'node-gyp/bin/node-gyp.js'],
    ['checker.cjs', 'typescript/bin/tsc'],
    ['checker.cjs', '@biomejs/biome/bin/biome'],
  ]) {
    cpSync(`${project}/tools/${from}`, `${project}/node_modules/${to}`);
  }
  writeFileSync(`${project}/node_modules/package.json`, '{"type":"commonjs"}');
} else {
  const folder = `${args[args.indexOf('--prefix') + 1]}/node_modules/${args.at(-1).split('@')[0]}/bin`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/node`, '#!/bin/sh\necho other node "$@"\n', { mode: 0o755 });
}
