import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { reload } from '../../firmware/cli/reload.ts';
import { createLogger } from '../../firmware/telemetry/log.ts';

const configWith = (overrides: Record<string, unknown> = {}) => loadConfig({ overrides }).config;

function reloaded(load: () => Config) {
  const lines: string[] = [];
  const configured: Config[] = [];
  const destination = { write: (line: string) => lines.push(line) };
  const logger = createLogger({ level: 'info', format: 'json', destination });
  const robot = { configure: (config: Config) => void configured.push(config) };
  return { config: reload(configWith(), load, robot, logger), lines: lines.join(''), configured, logger };
}

test('the robot gets what it can take, and the log says what it can’t', () => {
  const { config, lines, configured } = reloaded(() =>
    configWith({ 'drive.actionRatio': 0.2, 'video.width': 320 }),
  );
  assert.equal(configured, [configWith({ 'drive.actionRatio': 0.2 })]);
  assert.equal(config, configured[0]);
  assert.match(lines, 'took over drive.actionRatio');
  assert.match(lines, 'video.width needs a restart');
});

test('a broken configuration changes nothing and says what is wrong', () => {
  const { config, lines, configured } = reloaded(() => configWith({ 'drive.actionRatio': 2 }));
  assert.equal(config, configWith());
  assert.equal(configured, []);
  assert.match(lines, /nothing was changed/);
  assert.match(lines, 'drive.actionRatio');
});

test('the level of the log follows', () => {
  assert.is(reloaded(() => configWith({ 'log.level': 'error' })).logger.level, 'error');
});

test.run();
