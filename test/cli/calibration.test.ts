import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { calibrated } from '../../firmware/cli/calibration.ts';
import { changeConfigFile } from '../../firmware/cli/config-file.ts';
import { wiringKeys } from '../../firmware/cli/wiring-keys.ts';

const PLAIN = { leftMotor: 1, rightMotor: 2, invertLeft: false, invertRight: false };

/** A robot whose motors hang as `real` says, driven as `wiring` says: which side goes which way? */
function seen(wiring: typeof PLAIN, real: typeof PLAIN, side: 'left' | 'right') {
  const motor = side === 'left' ? wiring.leftMotor : wiring.rightMotor;
  const inverted = side === 'left' ? wiring.invertLeft : wiring.invertRight;
  const turned = motor === real.leftMotor ? 'left' : 'right';
  const needsInverting = turned === 'left' ? real.invertLeft : real.invertRight;
  return { side: turned, way: inverted === needsInverting ? 'forward' : 'backwards' } as const;
}

test('finds every wiring from every other', () => {
  const all = [1, 2].flatMap((leftMotor) =>
    [false, true].flatMap((invertLeft) =>
      [false, true].map((invertRight) => ({ leftMotor, rightMotor: 3 - leftMotor, invertLeft, invertRight })),
    ),
  );
  assert.is(all.length, 8);
  for (const real of all) {
    for (const wiring of all) {
      const found = calibrated(wiring, seen(wiring, real, 'left'), seen(wiring, real, 'right'));
      assert.equal(found, real);
    }
  }
});

test('knows answers that can’t be', () => {
  for (const side of ['left', 'right'] as const) {
    assert.is(calibrated(PLAIN, { side, way: 'forward' }, { side, way: 'backwards' }), null);
  }
});

test('keeps the wiring of each driver under its keys', () => {
  const { config } = loadConfig({
    overrides: { 'motorHat.leftMotor': 3, 'johnnyFive.left': { pin: 1 }, 'drive.invertRight': true },
  });
  const hat = wiringKeys(config, 'motor-hat');
  assert.equal(hat.wiring, { leftMotor: 3, rightMotor: 2, invertLeft: false, invertRight: true });
  assert.equal(hat.values({ leftMotor: 2, rightMotor: 3, invertLeft: true, invertRight: false }), {
    'drive.invertLeft': true,
    'drive.invertRight': false,
    'motorHat.leftMotor': 2,
    'motorHat.rightMotor': 3,
  });
  assert.is(wiringKeys(config, 'explorer-hat (kernel)').values(PLAIN)['explorerHat.rightMotor'], 2);
  assert.equal(wiringKeys(config, 'johnny-five').wiring.leftMotor, { pin: 1 });
});

test('changes its keys in a file and nothing else, and leaves no draft', () => {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-calibration-'));
  const path = join(folder, 'config.json');
  writeFileSync(path, '{"$schema":"x","robot":{"name":"rosa"},"drive":{"maxRatio":0.5,"invertLeft":false}}');
  chmodSync(path, 0o640);
  changeConfigFile(path, { 'drive.invertLeft': true, 'motorHat.leftMotor': 2 });
  assert.equal(JSON.parse(readFileSync(path, 'utf8')), {
    $schema: 'x',
    robot: { name: 'rosa' },
    drive: { maxRatio: 0.5, invertLeft: true },
    motorHat: { leftMotor: 2 },
  });
  assert.is(statSync(path).mode & 0o777, 0o640);
  assert.equal(readdirSync(folder), ['config.json']);
  changeConfigFile(join(folder, 'new.json'), { 'drive.invertLeft': true });
  assert.equal(JSON.parse(readFileSync(join(folder, 'new.json'), 'utf8')), { drive: { invertLeft: true } });
  assert.is(statSync(join(folder, 'new.json')).mode & 0o777, 0o640);
  assert.throws(() => changeConfigFile(join(folder, 'no/such.json'), {}), /Can't change .*ENOENT/);
  rmSync(folder, { recursive: true });
});

test.run();
