import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compareConfigs } from '../../config/live.ts';
import { loadConfig } from '../../config/load.ts';
import { keys } from '../../config/schema.ts';

const configWith = (overrides: Record<string, unknown> = {}) => loadConfig({ overrides }).config;

test('takes what may change while driving, and holds on to the rest', () => {
  const current = configWith();
  const next = configWith({
    'drive.maxRatio': 0.3,
    'log.level': 'warn',
    'teleop.port': 9000,
    'robot.name': 'r2',
  });
  const { taken, refused, config } = compareConfigs(current, next);
  assert.equal([...taken].sort(), ['drive.maxRatio', 'log.level']);
  assert.equal(
    refused.map(({ key }) => key),
    ['robot.name', 'teleop.port'],
  );
  for (const { reason } of refused) assert.ok(reason.length > 10);
  assert.equal(config, configWith({ 'drive.maxRatio': 0.3, 'log.level': 'warn' }));
});

test('finds nothing where nothing changed, and leaves what it was given', () => {
  const current = configWith();
  const { taken, refused, config } = compareConfigs(current, configWith());
  assert.equal([taken, refused], [[], []]);
  assert.equal(config, current);
  assert.is.not(config, current);
});

test('every key is either taken or refused with a reason', () => {
  const current = configWith();
  for (const key of keys.keys()) {
    const [section, name] = key.split('.') as [keyof typeof current, string];
    const next = { ...current, [section]: { ...current[section], [name]: 'another' } };
    const { taken, refused } = compareConfigs(current, next as typeof current);
    assert.is(taken.length + refused.length, 1, key);
  }
});

test.run();
