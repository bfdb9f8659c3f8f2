import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  type Event,
  type History,
  next,
  RENEW_AFTER_MS,
  SETTLED_MS,
  type State,
} from '../../../firmware/cloud-link/kvs/machine.ts';

const NONE: History = { failures: 0, shortLives: 0 };
const failures = (count: number): History => ({ ...NONE, failures: count });
const lives = (count: number): History => ({ ...NONE, shortLives: count });
const stopped: State = { name: 'stopped' };
const preparing = (history = NONE): State => ({ name: 'preparing', history });
const connecting = (history = NONE): State => ({ name: 'connecting', history });
const waiting = (history = NONE): State => ({ name: 'waiting', history });
const open = (settled: boolean, history = NONE): State => ({ name: 'open', settled, history });
const failed = (failure: 'denied' | 'skewed' | 'not_found' | 'throttled' | 'unavailable'): Event => ({
  type: 'failed',
  failure,
  detail: 'why',
});
const closed: Event = { type: 'closed', detail: 'closed with 1006' };

/** Start, event, target, effects in short, all with random 0.5. */
const ROWS: readonly (readonly [what: string, State, Event, State, string])[] = [
  ['begins', stopped, { type: 'start' }, preparing(), 'prepare'],
  ['does not begin twice', preparing(), { type: 'start' }, preparing(), ''],
  [
    'connects when channel and endpoints are known',
    preparing(),
    { type: 'prepared' },
    connecting(),
    'connect',
  ],
  [
    'is open, and notes whether it lasts',
    connecting(),
    { type: 'opened' },
    open(false),
    `report none, wait ${SETTLED_MS}`,
  ],
  [
    'forgets earlier failures once open',
    connecting(failures(3)),
    { type: 'opened' },
    open(false),
    `report none, wait ${SETTLED_MS}`,
  ],
  [
    'with a rival about, open means nothing yet',
    connecting(lives(2)),
    { type: 'opened' },
    open(false, lives(2)),
    `wait ${SETTLED_MS}`,
  ],
  [
    'has lasted',
    open(false, lives(2)),
    { type: 'due' },
    open(true),
    `report none, wait ${RENEW_AFTER_MS - 150_000}`,
  ],
  ['replaces its socket before the hour is over', open(true), { type: 'due' }, preparing(), 'prepare'],
  [
    'GO_AWAY: connects anew at once, with fresh endpoints',
    open(true),
    { type: 'goAway' },
    preparing(),
    'prepare afresh',
  ],
  ['GO_AWAY: also before it has settled', open(false), { type: 'goAway' }, preparing(), 'prepare afresh'],
  ['GO_AWAY: once is enough', preparing(), { type: 'goAway' }, preparing(), ''],
  ['closed after long: back within a second', open(true), closed, waiting(), 'wait 500'],
  ['closed at once: back soon', open(false), closed, waiting(lives(1)), 'wait 500'],
  [
    'closed at once again: a rival, told, backed off',
    open(false, lives(1)),
    closed,
    waiting(lives(2)),
    'report another_master, wait 15000',
  ],
  [
    'a rival that stays: longer',
    open(false, lives(4)),
    closed,
    waiting(lives(5)),
    'report another_master, wait 120000',
  ],
  [
    'a rival that stays: at most ten minutes',
    open(false, lives(40)),
    closed,
    waiting(lives(41)),
    'report another_master, wait 450000',
  ],
  ['waits over', waiting(failures(1)), { type: 'due' }, preparing(failures(1)), 'prepare'],
  [
    'after more failures endpoints are asked for again',
    waiting(failures(2)),
    { type: 'due' },
    preparing(failures(2)),
    'prepare afresh',
  ],
  [
    'out of reach while preparing',
    preparing(),
    failed('unavailable'),
    waiting(failures(1)),
    'report unavailable, wait 500',
  ],
  [
    'still out of reach: doubled',
    preparing(failures(4)),
    failed('unavailable'),
    waiting(failures(5)),
    'report unavailable, wait 8000',
  ],
  [
    'at most a minute',
    preparing(failures(40)),
    failed('throttled'),
    waiting(failures(41)),
    'report throttled, wait 30000',
  ],
  [
    'the socket does not open',
    connecting(),
    failed('unavailable'),
    waiting(failures(1)),
    'report unavailable, wait 500',
  ],
  [
    'the socket ends while it opens',
    connecting(),
    closed,
    waiting(failures(1)),
    'report unavailable, wait 500',
  ],
  [
    'the clock was wrong: at once, signed anew',
    connecting(),
    failed('skewed'),
    preparing(failures(1)),
    'prepare',
  ],
  [
    'it was not the clock',
    connecting(failures(1)),
    failed('skewed'),
    waiting(failures(2)),
    'report skewed, wait 1000',
  ],
  [
    'not allowed: asked for seldom',
    preparing(),
    failed('denied'),
    waiting(failures(1)),
    'report denied, wait 22500',
  ],
  [
    'no such channel: asked for seldom',
    preparing(failures(8)),
    failed('not_found'),
    waiting(failures(9)),
    'report not_found, wait 225000',
  ],
  ['an old socket’s end while preparing is no news', preparing(), closed, preparing(), ''],
  ['a failure after it has opened is no news', open(true), failed('unavailable'), open(true), ''],
  ['stops from anywhere: waiting', waiting(failures(3)), { type: 'stop' }, stopped, 'disconnect'],
  ['stops from anywhere: open', open(true), { type: 'stop' }, stopped, 'disconnect'],
  ['stopped it stays', stopped, { type: 'due' }, stopped, ''],
];

for (const [what, start, event, target, effects] of ROWS) {
  test(`${start.name} on ${event.type}: ${what}`, () => {
    const step = next(start, event, 0.5);
    assert.equal(step.state, target);
    const short = step.effects.map((effect) => {
      if (effect.do === 'wait') return `wait ${effect.ms}`;
      if (effect.do === 'report') return `report ${effect.problem?.code ?? 'none'}`;
      return effect.do === 'prepare' && effect.afresh ? 'prepare afresh' : effect.do;
    });
    assert.is(short.join(', '), effects);
  });
}

test('waits are spread by chance, and never none', () => {
  const waitOf = (random: number) => {
    const { effects } = next(preparing(failures(5)), failed('unavailable'), random);
    return effects.find((effect) => effect.do === 'wait')?.ms ?? -1;
  };
  assert.is(waitOf(0), 200);
  assert.is(waitOf(0.25), 8000);
  assert.is(waitOf(1), 32_000);
});

test('a problem is told in words an operator can use', () => {
  const { effects } = next(open(false, lives(1)), closed, 0);
  const report = effects.find((effect) => effect.do === 'report');
  assert.match(report?.problem?.text ?? '', /Another program is master.*Is this name given to two robots\?/);
});

test.run();
