const { existsSync } = require('node:fs');
const { basename } = require('node:path');

const name = basename(process.argv[1]);
if (existsSync(`${process.env.PROJECT}/fail-${name}`)) {
  console.log(`${name} says no`);
  process.exitCode = 2;
}
