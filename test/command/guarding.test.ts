import pino from 'pino';
import { Subject } from 'rxjs';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { heedGuardian } from '../../firmware/command/guarding.ts';
import type { GuardianReport } from '../../firmware/drive/guardian.ts';

/** What came to the pipeline, the drivetrain and the log, in this order. */
type Call = readonly [to: 'fault' | 'forget' | 'tick' | 'log', ...what: unknown[]];

function open() {
  const calls: Call[] = [];
  const ticks$ = new Subject<number>();
  const reports$ = new Subject<GuardianReport>();
  const heeding = heedGuardian(
    {
      ticks$,
      fault: (...what) => void calls.push(['fault', ...what]),
      forgetWheels: () => void calls.push(['forget']),
    },
    { guardian: { reports$, notify: () => undefined }, tick: (nowMs) => void calls.push(['tick', nowMs]) },
    pino({ base: null, timestamp: false }, { write: (line: string) => void calls.push(['log', log(line)]) }),
  );
  return { calls, ticks$, reports$, heeding };
}

function log(line: string): unknown {
  const { msg, ...rest } = JSON.parse(line);
  return rest;
}

const [WARN, ERROR, INFO] = [40, 50, 30];
const reports: [what: string, report: GuardianReport, expected: Call[]][] = [
  [
    'is lost: nothing may move',
    { type: 'lost', detail: 'ended by SIGKILL' },
    [
      ['log', { level: ERROR, detail: 'ended by SIGKILL' }],
      ['fault', 'guardian_lost', true, 'ended by SIGKILL'],
    ],
  ],
  [
    'is ready: it has silenced the motors, and what was wrong with it is over',
    { type: 'ready', realtime: true, locked: false },
    [
      ['log', { level: INFO, realtime: true, locked: false }],
      ['forget'],
      ['fault', 'guardian_silenced', false],
      ['fault', 'guardian_lost', false],
    ],
  ],
  [
    'silences for want of a beat',
    { type: 'silencing', why: 'beat', sinceBeatMs: 312 },
    [['forget'], ['fault', 'guardian_silenced', true, 'no sign of life for 312 ms']],
  ],
  [
    'silences motors that did not take a stop',
    { type: 'silencing', why: 'unheeded', sinceBeatMs: 5 },
    [['forget'], ['fault', 'guardian_silenced', true, 'they did not take a stop']],
  ],
  [
    'has silenced: what was written meanwhile is void once more',
    { type: 'silenced', why: 'beat', sinceBeatMs: 312 },
    [['log', { level: WARN, why: 'beat', sinceBeatMs: 312 }], ['forget']],
  ],
  [
    'fails to silence',
    { type: 'failing', detail: 'EREMOTEIO' },
    [['log', { level: ERROR, detail: 'EREMOTEIO' }], ['forget']],
  ],
  ['is rearmed', { type: 'rearmed' }, [['forget'], ['fault', 'guardian_silenced', false]]],
];

for (const [what, report, expected] of reports) {
  test(`the guardian ${what}`, () => {
    const { calls, reports$ } = open();
    reports$.next(report);
    assert.equal(calls, expected);
  });
}

test('each finished control tick is told to the drivetrain, with its time', () => {
  const { calls, ticks$ } = open();
  ticks$.next(10);
  ticks$.next(20);
  assert.equal(calls, [
    ['tick', 10],
    ['tick', 20],
  ]);
});

test('after the end neither ticks nor reports are heeded', () => {
  const { calls, ticks$, reports$, heeding } = open();
  heeding.unsubscribe();
  ticks$.next(10);
  reports$.next({ type: 'rearmed' });
  assert.equal(calls, []);
  assert.not(ticks$.observed || reports$.observed);
});

test.run();
