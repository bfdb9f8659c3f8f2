import { appendFileSync, cpSync } from 'node:fs';

const project = process.env.PROJECT;
appendFileSync(`${project}/calls`, 'build\n');
cpSync(`${project}/tools/roverd.js`, `${project}/dist/roverd.js`);
