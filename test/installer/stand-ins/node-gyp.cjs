const { appendFileSync, existsSync } = require('node:fs');

const project = process.env.PROJECT;
appendFileSync(`${project}/calls`, `node-gyp ${process.argv.slice(2).join(' ')}\n`);
if (existsSync(`${project}/fail-node-gyp`)) {
  for (let line = 1; line <= 50; line++) console.log(`gyp line ${line}`);
  process.exitCode = 1;
}
