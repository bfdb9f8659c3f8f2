import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type ExplorerHatOptions, openExplorerHat } from '../../firmware/drive/explorer-hat.ts';
import type { PwmPin } from '../../firmware/drive/pwm-pin.ts';
import { drivetrainContract } from './contract.ts';
import { explorerWheels } from './pwm-folder.ts';

const OPTIONS: ExplorerHatOptions = {
  leftMotor: 1,
  rightMotor: 2,
  whenStopped: 'coast',
  invertLeft: false,
  invertRight: false,
};

/** Pins that remember, and can be made to fail or to hang. */
class Pins {
  readonly duties = new Map<number, number>();
  readonly log: string[] = [];
  readonly closed: number[] = [];
  before: (gpio: number, duty: number) => Promise<void> | void = () => {};
  opening: (gpio: number) => void = () => {};
  enabling: Promise<void> = Promise.resolve();

  readonly of = (gpio: number): PwmPin => ({
    silence: [{ kind: 'file-write', path: `/pwm/${gpio}`, text: '0' }],
    open: async () => {
      this.opening(gpio);
      this.duties.set(gpio, 0);
    },
    write: async (duty) => {
      await this.before(gpio, duty);
      this.log.push(`${gpio}=${duty}`);
      this.duties.set(gpio, duty);
    },
    enable: async () => {
      await this.enabling;
      this.log.push(`${gpio} on`);
    },
    close: async () => {
      this.closed.push(gpio);
      this.duties.set(gpio, 0);
    },
  });

  duty = (gpio: number) => this.duties.get(gpio) ?? Number.NaN;

  taken(): string[] {
    return this.log.splice(0);
  }
}

async function openHat(options: Partial<ExplorerHatOptions> = {}) {
  const pins = new Pins();
  const drivetrain = await openExplorerHat('explorer-hat (test)', { ...OPTIONS, ...options }, pins.of);
  return { pins, drivetrain };
}

for (const whenStopped of ['brake', 'coast'] as const) {
  drivetrainContract(`explorer-hat over four pins (${whenStopped})`, async () => {
    const { pins, drivetrain } = await openHat({ whenStopped });
    let comeBack = () => {};
    return {
      drivetrain,
      motors: () => explorerWheels(pins.duty),
      breakOutputs: () => {
        pins.before = () => Promise.reject(new Error('EIO'));
      },
      hangSet: () => {
        const back = new Promise<void>((resolve) => {
          comeBack = resolve;
        });
        pins.before = (_, duty) => (duty === (whenStopped === 'brake' ? 1 : 0) ? undefined : back);
      },
      repair: () => {
        pins.before = () => {};
        comeBack();
      },
    };
  });
}

test('a change of direction goes over low, and never has both inputs of a motor high', async () => {
  const { pins, drivetrain } = await openHat();
  await drivetrain.set(0.5, 0.5);
  pins.taken();
  await drivetrain.set(-0.5, 0.25);
  const log = pins.taken();
  const order = (gpio: number) => log.filter((entry) => entry.startsWith(`${gpio}=`));
  assert.equal([19, 20, 21, 26].map(order), [['19=0.5'], ['20=0'], ['21=0'], ['26=0.25']]);
  assert.ok(log.indexOf('20=0') < log.indexOf('19=0.5'));
  assert.ok(log.indexOf('21=0') < log.indexOf('26=0.25'));
});

test('a standing motor runs out, or brakes with both inputs high', async () => {
  for (const [whenStopped, level] of [
    ['coast', 0],
    ['brake', 1],
  ] as const) {
    const { pins, drivetrain } = await openHat({ whenStopped });
    await drivetrain.set(1, 0);
    assert.equal([pins.duty(26), pins.duty(21)], [level, level]);
    await drivetrain.stop();
    assert.equal([19, 20, 21, 26].map(pins.duty), [level, level, level, level]);
    assert.is(drivetrain.describe().capabilities.brake, whenStopped === 'brake');
  }
});

test('a stop tries the three pins that work when one fails, and tells of the one', async () => {
  const { pins, drivetrain } = await openHat();
  await drivetrain.set(1, -1);
  pins.before = (gpio) => (gpio === 20 ? Promise.reject(new Error('GPIO 20 is stuck')) : undefined);
  const error = await drivetrain.stop().catch((caught: Error) => caught);
  assert.instance(error, AggregateError);
  assert.is((error as AggregateError).message, 'GPIO 20 is stuck');
  assert.equal([19, 20, 21, 26].map(pins.duty), [0, 1, 0, 0]);
});

test('each start from rest switches the pins on again, which a guardian may have switched off', async () => {
  const { pins, drivetrain } = await openHat();
  await drivetrain.set(1, 1);
  assert.not.ok(pins.taken().some((entry) => entry.endsWith('on')));
  await drivetrain.stop();
  pins.taken();
  await drivetrain.set(1, 1);
  const log = pins.taken();
  assert.equal(log.slice(0, 4).sort(), ['19 on', '20 on', '21 on', '26 on']);
  await drivetrain.set(0.5, 1);
  assert.not.ok(pins.taken().some((entry) => entry.endsWith('on')));
});

test('a stop while the pins are switched on again keeps the motors still', async () => {
  const { pins, drivetrain } = await openHat();
  await drivetrain.stop();
  let comeBack = () => {};
  pins.enabling = new Promise((resolve) => {
    comeBack = resolve;
  });
  const set = drivetrain.set(1, 1);
  await drivetrain.stop();
  pins.taken();
  comeBack();
  await set;
  const driven = pins.taken().filter((entry) => entry.includes('=') && !entry.endsWith('=0'));
  assert.equal(driven, []);
});

test('says what it is and can', async () => {
  const { drivetrain } = await openHat({ whenStopped: 'brake' });
  const { name, capabilities } = drivetrain.describe();
  assert.equal(
    { name, capabilities },
    {
      name: 'explorer-hat (test)',
      capabilities: { brake: true, reverse: true },
    },
  );
});

test('closing gives all pins back', async () => {
  const { pins, drivetrain } = await openHat();
  await drivetrain.close();
  assert.equal(pins.closed.sort(), [19, 20, 21, 26]);
});

test('motors can be swapped and inverted', async () => {
  const { pins, drivetrain } = await openHat({ leftMotor: 2, rightMotor: 1, invertRight: true });
  await drivetrain.set(0.5, 0.25);
  assert.equal(explorerWheels(pins.duty), { left: -0.25, right: 0.5 });
});

test('its silence reaches all four pins', async () => {
  const { drivetrain } = await openHat();
  assert.equal(
    drivetrain.describe().silence.map((step) => step.kind === 'file-write' && step.path),
    ['/pwm/19', '/pwm/20', '/pwm/21', '/pwm/26'],
  );
});

test('a pin that can’t be had gives back the others', async () => {
  const pins = new Pins();
  pins.opening = (gpio) => {
    if (gpio === 21) throw new Error('no such pin');
  };
  const error = await openExplorerHat('x', OPTIONS, pins.of).catch((caught: Error) => caught);
  assert.is((error as Error).message, 'no such pin');
  assert.equal(pins.closed.sort(), [19, 20, 21, 26]);
});

test.run();
