import fc from 'fast-check';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CommandMessage, isStop } from '../../firmware/command/message.ts';
import { type Event, initialState, isHeld, type State } from '../../firmware/command/model.ts';
import { explain } from '../../firmware/command/reasons.ts';
import { SEVERITIES } from '../../firmware/command/report.ts';
import { step } from '../../firmware/command/state.ts';
import { runs } from '../property-runs.ts';
import { ada, bob, carl, curl, eve, settings } from './helpers.ts';

/** One thing that happens, some ms after the last; `clockStepMs` is what the clock does besides, `wallStepMs` NTP. */
interface Happening {
  readonly afterMs: number;
  readonly clockStepMs: number;
  readonly wallMs: number;
  readonly event: Event | { readonly lost: true };
}

const senders = [ada, bob, carl, curl, eve];
const ratio = fc.double({ min: -1, max: 1, noNaN: true });
const envelope = fc.record(
  { seq: fc.nat(50), issuedAtMs: fc.nat(5000), ttlMs: fc.integer({ min: 1, max: 3000 }) },
  { requiredKeys: [] },
);
const message: fc.Arbitrary<CommandMessage> = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ drive: fc.record({ linear: ratio, angular: ratio }) }) },
      {
        weight: 3,
        arbitrary: fc.record({ action: fc.constantFrom('forward', 'backwards', 'left', 'right', 'stop') }),
      },
      { weight: 1, arbitrary: fc.constant({ estop: true as const }) },
      { weight: 1, arbitrary: fc.constant({ reset: true as const }) },
    ),
    envelope,
  )
  .map(([kind, rest]) => ({ ...kind, ...rest }) as CommandMessage);
const sender = fc.constantFrom(...senders);
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({ type: fc.constant('command' as const), sender, message, wallMs: fc.nat(5000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constantFrom('takeOver' as const, 'release' as const), sender }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('linkClosed' as const), senderId: sender.map(({ id }) => id) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('fault' as const),
      code: fc.constantFrom(
        'drivetrain_failed' as const,
        'guardian_silenced' as const,
        'battery_empty' as const,
        'battery_low' as const,
        'bumper_front' as const,
        'bumper_rear' as const,
      ),
      active: fc.boolean(),
    }),
  },
);
/** Link faults come for anybody at any time; a weak one must not matter to the others. */
const linkFaults: fc.Arbitrary<Event> = fc.record({
  type: fc.constant('linkFaults' as const),
  senderId: sender.map(({ id }) => id),
  faults: fc.constantFrom([], [{ code: 'video_late' as const, detail: '' }]),
});
const happening: fc.Arbitrary<Happening> = fc.record({
  afterMs: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 900 })),
  clockStepMs: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    fc.integer({ min: -3_600_000, max: 3_600_000 }),
  ),
  wallMs: fc.nat(5000),
  event: fc.oneof({ weight: 5, arbitrary: event }, linkFaults, fc.constant({ lost: true as const })),
});

interface Moment {
  readonly before: State;
  readonly after: State;
  readonly event: Event;
  readonly ok: boolean;
  /** True time, which no clock step touches. */
  readonly atMs: number;
}

/** Plays with a tick every `tickMs` of true time; the clock the core sees jumps as the happenings say. */
function play(happenings: readonly Happening[], look: (moment: Moment) => void): void {
  let trueMs = 0;
  let offsetMs = 0;
  let state = initialState(settings);
  const feed = (happened: Event) => {
    const result = step(state, happened, trueMs + offsetMs);
    look({ before: state, after: result.state, event: happened, ok: result.verdict.ok, atMs: trueMs });
    state = result.state;
  };
  let nextTickMs = 0;
  for (const { afterMs, clockStepMs, event: happened } of [...happenings, silence]) {
    const untilMs = trueMs + afterMs;
    for (; nextTickMs <= untilMs; nextTickMs += settings.tickMs) {
      trueMs = nextTickMs;
      feed({ type: 'tick' });
    }
    trueMs = untilMs;
    offsetMs += clockStepMs;
    if ('type' in happened) feed(happened);
  }
}
const silence: Happening = { afterMs: 1000, clockStepMs: 0, wallMs: 0, event: { lost: true } };

const moves = (state: State) => state.wheels.left !== 0 || state.wheels.right !== 0;
const check = (property: fc.IProperty<[Happening[]]>) => fc.assert(property, runs(2000));
const happenings = fc.array(happening, { maxLength: 60 });

test('wheels are zero within the window and one tick after the last accepted command', () => {
  check(
    fc.property(happenings, (all) => {
      let acceptedMs = Number.NEGATIVE_INFINITY;
      play(all, ({ event: happened, ok, after, atMs }) => {
        if (happened.type === 'command' && ok) acceptedMs = atMs;
        // A clock step hides at most the time since the last event: one tick more.
        const limitMs = settings.watchdogMs + settings.tickMs + hiddenMs(all);
        if (moves(after))
          assert.ok(atMs - acceptedMs < limitMs, `moves ${atMs - acceptedMs} ms after a command`);
      });
    }),
  );
});

/** Each step back may swallow the time since the event before it, at most one tick. */
function hiddenMs(all: readonly Happening[]): number {
  return all.filter(({ clockStepMs }) => clockStepMs < 0).length * settings.tickMs;
}

test('an emergency stop is never undone but by an accepted reset', () => {
  check(
    fc.property(happenings, (all) => {
      play(all, ({ before, after, event: happened, ok }) => {
        if (before.estopBy !== null && after.estopBy === null) {
          assert.ok(happened.type === 'command' && 'reset' in happened.message && ok);
          assert.is(happened.sender.role, 'operator');
        }
        if (after.estopBy !== null) assert.not(moves(after), 'moves under an emergency stop');
      });
    }),
  );
});

test('a stop or an emergency stop by anyone stops at once', () => {
  check(
    fc.property(happenings, (all) => {
      play(all, ({ after, event: happened, ok }) => {
        if (happened.type !== 'command') return;
        const stops =
          'estop' in happened.message || ('action' in happened.message && happened.message.action === 'stop');
        if (!stops) return;
        assert.ok(ok, 'a stop was refused');
        assert.not(moves(after), 'moves after a stop');
      });
    }),
  );
});

/** As `play`, but with stretches in which the program does not run: what happens in them comes at once afterwards. */
function playWithStalls(
  stretches: readonly { readonly frozenMs: number; readonly happenings: readonly Happening[] }[],
  look: (moment: Moment) => void,
): void {
  let nowMs = 0;
  let state = initialState(settings);
  const feed = (happened: Event) => {
    const result = step(state, happened, nowMs);
    look({ before: state, after: result.state, event: happened, ok: result.verdict.ok, atMs: nowMs });
    state = result.state;
  };
  for (const { frozenMs, happenings: all } of stretches) {
    nowMs += frozenMs;
    const waiting = frozenMs > 0 ? all.slice(0, 5) : [];
    for (const { event: happened } of waiting) if ('type' in happened) feed(happened);
    for (const { afterMs, event: happened } of all.slice(waiting.length)) {
      const untilMs = nowMs + afterMs;
      for (; nowMs < untilMs; nowMs = Math.min(untilMs, nowMs + settings.tickMs)) feed({ type: 'tick' });
      if ('type' in happened) feed(happened);
    }
  }
}

const isRelease = (message: CommandMessage) =>
  'drive' in message && message.drive.linear === 0 && message.drive.angular === 0;

test('nothing moves after a stall but by a command of later, and no control that was held through it', () => {
  const stretch = fc.record({
    frozenMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 300 }), fc.integer({ min: 201, max: 3000 })),
    happenings: fc.array(happening, { maxLength: 20 }),
  });
  let [stalls, grips] = [0, 0];
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 6 }), (stretches) => {
      let addressed = false;
      let stalledMs = Number.NEGATIVE_INFINITY;
      /** Who held a control when the program stood still, and when that was last known of it. */
      let grip: { readonly by: string; readonly heardMs: number } | null = null;
      playWithStalls(stretches, ({ before, after, event: happened, ok, atMs }) => {
        const gapMs = atMs - (before.lastNowMs ?? atMs);
        if (gapMs > 200 && addressed) {
          stalls += 1;
          stalledMs = atMs;
          const holder = isHeld(before) ? before.lease?.sender : undefined;
          if (holder) grips += 1;
          grip = holder ? { by: holder.id, heardMs: atMs } : null;
        }
        if (grip && (atMs - grip.heardMs >= settings.watchdogMs || after.lease?.sender.id !== grip.by)) {
          grip = null;
        }
        if (grip && happened.type === 'command' && happened.sender.id === grip.by) {
          if (
            ok &&
            (isStop(happened.message) || isRelease(happened.message) || 'action' in happened.message)
          ) {
            grip = null;
          } else if (after.lease?.heldMs === atMs) grip = { ...grip, heardMs: atMs };
        }
        if (happened.type === 'command' || happened.type === 'takeOver') addressed = true;
        if (!moves(after)) return;
        assert.ok(atMs - stalledMs >= 100, `moves ${atMs - stalledMs} ms after a stall`);
        assert.is(grip, null, 'moves by a control that was not let go');
      });
    }),
    runs(2000),
  );
  const enough = runs(2000).numRuns / 20;
  assert.ok(stalls > 10 * enough && grips > enough, `${stalls} stalls, ${grips} with a control held`);
});

test('only the holder of the lease sets wheels in motion, and one at a time', () => {
  check(
    fc.property(happenings, (all) => {
      play(all, ({ before, after, event: happened, ok }) => {
        if (moves(after)) assert.ok(after.lease !== null && after.motion !== null, 'moves for nobody');
        if (after.lease?.sender.lasting === false)
          assert.ok(after.motion !== null || isHeld(after), 'a lease that never ends');
        // A reversal stands at zero for a moment, so what begins is told by the motion, not by the wheels.
        if (after.motion === null || after.motion === before.motion) return;
        assert.ok(happened.type === 'command' && ok, happened.type);
        assert.is(after.lease?.sender.id, happened.sender.id);
      });
    }),
  );
});

test('a fault of severity stop never moves, and every reason list is ordered worst first', () => {
  check(
    fc.property(happenings, (all) => {
      play(all, ({ after }) => {
        if (after.faults.has('drivetrain_failed') || after.faults.has('battery_empty'))
          assert.not(moves(after));
        const severities = explain(after).map(({ severity }) => SEVERITIES.indexOf(severity));
        assert.equal(severities, [...severities].sort().reverse());
      });
    }),
  );
});

test('a touched bumper is never driven at', () => {
  check(
    fc.property(happenings, (all) => {
      play(all, ({ after: { wheels, faults } }) => {
        const ahead = wheels.left + wheels.right;
        if (faults.has('bumper_front')) assert.ok(ahead <= 1e-9, `${ahead} ahead against the front bumper`);
        if (faults.has('bumper_rear')) assert.ok(ahead >= -1e-9, `${ahead} ahead against the rear bumper`);
      });
    }),
  );
});

test('a late picture bounds the speed of whose it is, and only that', () => {
  check(
    fc.property(happenings, (all) => {
      const late = new Set<string>();
      play(all, ({ after, event: happened }) => {
        if (happened.type === 'linkFaults') {
          if (happened.faults.length > 0) late.add(happened.senderId);
          else late.delete(happened.senderId);
        }
        if (happened.type === 'linkClosed') late.delete(happened.senderId);
        const told = explain(after).some(({ code }) => code === 'video_late');
        assert.is(told, after.lease !== null && late.has(after.lease.sender.id));
        const fastest = Math.max(Math.abs(after.wheels.left), Math.abs(after.wheels.right));
        if (told) assert.ok(fastest <= settings.limits.videoAgeSpeedRatio, `${fastest}`);
      });
    }),
  );
});

test('with too little voltage no wheel speeds up', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(60), ratio, ratio, fc.boolean()), { maxLength: 60 }), (drives) => {
      let state = initialState(settings);
      let nowMs = 0;
      for (const [afterMs, linear, angular, low] of drives) {
        nowMs += afterMs;
        state = step(state, { type: 'fault', code: 'under_voltage', active: low }, nowMs).state;
        const before = state.wheels;
        const message = { drive: { linear, angular } };
        state = step(state, { type: 'command', sender: ada, message, wallMs: 0 }, nowMs + 1).state;
        if (!low) continue;
        for (const side of ['left', 'right'] as const) {
          assert.ok(Math.abs(state.wheels[side]) <= Math.abs(before[side]), `${side} sped up`);
          assert.ok(state.wheels[side] * before[side] >= 0, `${side} reversed`);
        }
      }
    }),
    runs(2000),
  );
});

test('wheels stay in -1..1 and speed up no faster than the ramp', () => {
  const slow = { ...settings, rampPerS: 2 };
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(40), ratio, ratio), { maxLength: 60 }), (drives) => {
      let state = initialState(slow);
      let nowMs = 0;
      let budget = 0;
      let travelled = 0;
      for (const [afterMs, linear, angular] of drives) {
        nowMs += afterMs;
        const before = state.wheels;
        state = step(
          state,
          { type: 'command', sender: ada, message: { drive: { linear, angular } }, wallMs: 0 },
          nowMs,
        ).state;
        budget += (slow.rampPerS * Math.min(afterMs, 2 * slow.tickMs)) / 1000;
        travelled += Math.max(0, Math.abs(state.wheels.left) - Math.abs(before.left));
        const firstStep = (slow.rampPerS * 2 * slow.tickMs) / 1000;
        assert.ok(Math.abs(state.wheels.left) <= 1 && Math.abs(state.wheels.right) <= 1);
        assert.ok(
          travelled <= budget + firstStep + 1e-9,
          `sped up by ${travelled}, allowed ${budget + firstStep}`,
        );
      }
    }),
    runs(100),
  );
});

test.run();
