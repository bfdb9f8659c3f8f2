import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { configReadme, sampleConfig } from '../../config/document.ts';
import { loadConfig } from '../../config/load.ts';
import { packageRoot } from '../../config/paths.ts';
import { keys, schema } from '../../config/schema.ts';

const inConfig = (name: string) => join(packageRoot(), 'config', name);
const makeAgain = 'Expected the file to be as the schema makes it: run `npm run docs:config`';

test('config/README.md says what the schema says', () => {
  assert.ok(readFileSync(inConfig('README.md'), 'utf8') === configReadme(), makeAgain);
});

test('the documentation has every key with its variable', () => {
  for (const [key, property] of keys) {
    assert.match(configReadme(), `| \`${key}\` `);
    assert.match(configReadme(), `\`${property.env}\``);
  }
});

test('config/roverd.sample.json has every key at its default and loads', () => {
  assert.ok(readFileSync(inConfig('roverd.sample.json'), 'utf8') === sampleConfig(), makeAgain);
  const { config, sources } = loadConfig({ file: inConfig('roverd.sample.json') });
  assert.equal(config, loadConfig().config);
  assert.equal(
    Object.values(sources).filter((source) => source === 'default'),
    [],
  );
});

test('every default is in its own range, and every key has help', () => {
  for (const [key, property] of keys) {
    property.format(property.default);
    assert.match(property.doc, /^\S.*\.$/, key);
    assert.match(property.env, /^ROVERD_[A-Z0-9_]+$/, key);
  }
  const variables = [...keys.values()].map((property) => property.env);
  assert.is(new Set(variables).size, variables.length);
  assert.is(schema.drive.actionMs.env, 'ROVERD_DRIVE_ACTION_MS');
  assert.is(schema.video.keyFrameIntervalS.env, 'ROVERD_VIDEO_KEY_FRAME_INTERVAL_S');
});

test.run();
