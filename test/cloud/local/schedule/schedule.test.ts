import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { createClock } from '../../../../cloud/local/desk/clock.ts';
import { follow, parseSchedule } from '../../../../cloud/local/schedule/schedule.ts';

const ms = (text: string) => Date.parse(text);
const nextOf = (expression: string, after: string, count = 1, timeZone?: string) => {
  const schedule = parseSchedule(expression, { anchorMs: ms(after), ...(timeZone ? { timeZone } : {}) });
  const found: string[] = [];
  for (let at: number | null = ms(after); found.length < count; ) {
    at = schedule.next(at);
    if (at === null) break;
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'));
  }
  return found.join(' ');
};

// 25 November 2026 is a Wednesday.
const NOW = '2026-11-25T10:07:30Z';

const ROWS: readonly (readonly [expression: string, count: number, expected: string])[] = [
  ['cron(0 12 * * ? *)', 2, '2026-11-25T12:00Z 2026-11-26T12:00Z'],
  ['cron(15 10 ? * 6L 2027-2029)', 2, '2027-01-29T10:15Z 2027-02-26T10:15Z'],
  ['cron(15 12 ? * MON-FRI *)', 3, '2026-11-25T12:15Z 2026-11-26T12:15Z 2026-11-27T12:15Z'],
  ['cron(0/15 * * * ? *)', 4, '2026-11-25T10:15Z 2026-11-25T10:30Z 2026-11-25T10:45Z 2026-11-25T11:00Z'],
  ['cron(0 18 ? * SUN,SAT *)', 2, '2026-11-28T18:00Z 2026-11-29T18:00Z'],
  ['cron(0 8 1 * ? *)', 2, '2026-12-01T08:00Z 2027-01-01T08:00Z'],
  ['cron(0 0 L * ? *)', 3, '2026-11-30T00:00Z 2026-12-31T00:00Z 2027-01-31T00:00Z'],
  ['cron(0 0 LW * ? *)', 3, '2026-11-30T00:00Z 2026-12-31T00:00Z 2027-01-29T00:00Z'],
  ['cron(0 0 3W * ? *)', 3, '2026-12-03T00:00Z 2027-01-04T00:00Z 2027-02-03T00:00Z'],
  ['cron(0 0 1W 5 ? *)', 2, '2027-05-03T00:00Z 2028-05-01T00:00Z'],
  ['cron(0 0 31W * ? *)', 2, '2026-12-31T00:00Z 2027-01-29T00:00Z'],
  ['cron(30 9 ? * 3#2 *)', 2, '2026-12-08T09:30Z 2027-01-12T09:30Z'],
  ['cron(30 9 ? JAN MON#5 *)', 2, '2028-01-31T09:30Z 2029-01-29T09:30Z'],
  ['cron(0 0 29 2 ? *)', 3, '2028-02-29T00:00Z 2032-02-29T00:00Z 2036-02-29T00:00Z'],
  ['cron(0 0 29 2 ? 2100)', 1, ''],
  ['cron(0 0 ? * L *)', 1, '2026-11-28T00:00Z'],
  ['cron(50,5 8-9 * * ? *)', 3, '2026-11-26T08:05Z 2026-11-26T08:50Z 2026-11-26T09:05Z'],
  [
    'cron(0-10/5,30 0 1 JAN,feb ? *)',
    4,
    '2027-01-01T00:00Z 2027-01-01T00:05Z 2027-01-01T00:10Z 2027-01-01T00:30Z',
  ],
  ['cron(0 0 1 1 ? 2020)', 1, ''],
  ['cron(7 10 25 11 ? 2026)', 1, ''],
  ['rate(1 minute)', 2, '2026-11-25T10:08:30.000Z 2026-11-25T10:09:30.000Z'],
  ['rate(5 minutes)', 1, '2026-11-25T10:12:30.000Z'],
  ['rate(2 hours)', 2, '2026-11-25T12:07:30.000Z 2026-11-25T14:07:30.000Z'],
  ['rate(1 day)', 1, '2026-11-26T10:07:30.000Z'],
  ['at(2026-11-25T10:07:31)', 2, '2026-11-25T10:07:31.000Z'],
  ['at(2026-11-25T10:07:30)', 1, ''],
];

for (const [expression, count, expected] of ROWS) {
  test(expression, () => assert.is(nextOf(expression, NOW, count), expected));
}

test('a time zone: the hour left out in spring is left out, the one that comes twice in autumn counts once', () => {
  const berlin = (expression: string, after: string, count: number) =>
    nextOf(expression, after, count, 'Europe/Berlin');
  assert.is(berlin('cron(0 12 * * ? *)', '2026-07-01T00:00:00Z', 1), '2026-07-01T10:00Z');
  assert.is(berlin('cron(0 12 * * ? *)', '2026-12-01T00:00:00Z', 1), '2026-12-01T11:00Z');
  assert.is(berlin('cron(30 2 * * ? *)', '2027-03-27T00:00:00Z', 2), '2027-03-27T01:30Z 2027-03-29T00:30Z');
  assert.is(berlin('cron(30 2 * * ? *)', '2026-10-24T10:00:00Z', 2), '2026-10-25T00:30Z 2026-10-26T01:30Z');
  assert.is(berlin('at(2026-07-01T12:00:00)', '2026-06-01T00:00:00Z', 1), '2026-07-01T10:00Z');
  assert.is(nextOf('cron(30 23 * * ? *)', '2026-11-25T10:00:00Z', 1, 'Asia/Kolkata'), '2026-11-25T18:00Z');
});

for (const [expression, reason] of [
  ['every minute', /Expected rate/],
  ['rate(5 minute)', /Expected a rate/],
  ['rate(1 minutes)', /Expected a rate/],
  ['rate(0 minutes)', /Expected a rate/],
  ['cron(0 12 * * ?)', /six fields/],
  ['cron(0 12 * * * *)', /Expected \? for/],
  ['cron(0 12 ? * ? *)', /Expected \? for/],
  ['cron(60 12 * * ? *)', /minutes to be 0 to 59 but received 60/],
  ['cron(0 24 * * ? *)', /hours/],
  ['cron(0 0 0 * ? *)', /day of the month/],
  ['cron(0 0 ? * 8 *)', /day of the week/],
  ['cron(0 0 ? * MON#6 *)', /week to be 1 to 5/],
  ['cron(0 0 1 13 ? *)', /month/],
  ['cron(0 0 1 1 ? 1969)', /year/],
  ['cron(5-1 0 1 1 ? *)', /minutes/],
  ['cron(a 0 1 1 ? *)', /minutes/],
  ['at(2026-11-25)', /yyyy-mm-dd/],
  ['at(2026-13-25T00:00:00)', /yyyy-mm-dd/],
] as const) {
  test(`refused: ${expression}`, () =>
    assert.throws(() => parseSchedule(expression, { anchorMs: 0 }), reason));
}

test('a time zone that there is not is refused', () => {
  assert.throws(() => parseSchedule('rate(1 day)', { anchorMs: 0, timeZone: 'Mars/Olympus' }), /time zone/);
});

test('what follows a schedule is done each time, until it is ended', () => {
  const clock = createClock(() => ms(NOW));
  const done: number[] = [];
  let ended = 0;
  const stop = follow(parseSchedule('rate(1 hour)', { anchorMs: ms(NOW) }), clock, (dueMs) =>
    done.push(dueMs - ms(NOW)),
  );
  follow(
    parseSchedule('at(2026-11-25T10:10:00)', { anchorMs: 0 }),
    clock,
    () => done.push(-1),
    () => ended++,
  );
  clock.skip(3 * 3_600_000);
  assert.equal(done, [-1, 3_600_000, 7_200_000, 10_800_000]);
  assert.is(ended, 1);
  stop();
  clock.skip(24 * 3_600_000);
  assert.is(done.length, 4);
  clock.close();
});

test.run();
