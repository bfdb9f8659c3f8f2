import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { type GuardedDrivetrain, guardDrivetrain } from '../../firmware/drive/guarded-drivetrain.ts';
import { openDrivetrain } from '../../firmware/drive/open.ts';
import { ownChips } from '../chips/chips.ts';
import { createPwmTree, type PwmTree } from '../chips/pwm-tree.ts';
import { until } from '../native/guardian-rig.ts';
import { explorerWheels } from './pwm-folder.ts';

const GPIOS = [26, 21, 20, 19];

/** An Explorer pHAT over emulated kernel PWM with a real guardian, which sees the same pins. */
async function onBench(
  body: (bench: {
    guarded: GuardedDrivetrain;
    tree: PwmTree;
    tick(): void;
    stateDir: string;
  }) => Promise<void>,
): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), 'roverd-explorer-'));
  const chips = ownChips({ ads1015: [0x48] });
  const tree = createPwmTree(chips, { chips: GPIOS.map((gpio) => ({ name: 'pwm-gpio', gpio }) as const) });
  const { config } = loadConfig({ overrides: { 'drive.whenStopped': 'coast' } });
  const logger = { info() {}, warn() {} } as never;
  const bare = await openDrivetrain(config, { logger, pwmRoot: tree.root });
  const nowMs = () => performance.now();
  const guarded = await guardDrivetrain(bare, { stateDir, timeoutMs: 250, nowMs });
  try {
    assert.ok(guarded, 'there is something to silence');
    await body({ guarded, tree, stateDir, tick: () => guarded.tick(nowMs()) });
  } finally {
    chips.clearFaults();
    await guarded?.close();
    tree.close();
    chips.close();
    rmSync(stateDir, { recursive: true });
  }
}

test('the guardian silences every pin, and driving goes on when beats are back', () =>
  onBench(async ({ guarded, tree, tick }) => {
    const heard: string[] = [];
    guarded.guardian.reports$.subscribe(({ type }) => heard.push(type));
    for (let i = 0; i < 2; i++) {
      const sinceNs = process.hrtime.bigint();
      await guarded.stop();
      await guarded.set(0.5, -0.75);
      assert.equal(
        explorerWheels(tree.duty),
        { left: 0.5, right: -0.75 },
        'although the guardian has silenced it',
      );
      tick();
      await until('silenced', () => heard.includes('silenced'));
      assert.equal(GPIOS.map(tree.duty), [0, 0, 0, 0]);
      const offNs = tree.offSince(sinceNs, GPIOS);
      assert.ok(
        offNs !== null && Number(offNs - sinceNs) / 1e6 > 200,
        'by the guardian, not by this process',
      );
      tick();
      await until('armed again', () => heard.includes('rearmed'));
      heard.length = 0;
    }
  }));

test('pins that refuse are told and tried on; the others are silent meanwhile', () =>
  onBench(async ({ guarded, tree, tick }) => {
    const heard: string[] = [];
    guarded.guardian.reports$.subscribe((report) => {
      heard.push(report.type === 'failing' ? `failing ${report.detail}` : report.type);
    });
    await guarded.stop();
    await guarded.set(1, 1);
    assert.is(tree.duty(20), 1);
    tick();
    const fault = tree.inject({ error: 'EIO', gpio: 20 });
    const told = await until('a failure', () => heard.find((text) => text.startsWith('failing')));
    assert.match(told, /^failing \d \/.*pwm0\/duty_cycle: can't write: Input\/output error$/);
    await until('the other motor is silent', () => tree.duty(26) === 0);
    assert.is(tree.duty(20), 1);
    assert.not.ok(heard.includes('silenced'));
    fault.clear();
    await until('silenced', () => heard.includes('silenced'));
    assert.is(tree.duty(20), 0);
  }));

test.run();
