import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { type CommandMessage, checkCommand } from '../../../firmware/command/message.ts';
import type { Reason } from '../../../firmware/command/report.ts';
import { Drive, type SentCommand } from '../../../firmware/teleop/page/drive.ts';
import { STILL, type Velocity } from '../../../firmware/teleop/page/held.ts';

const AHEAD: Velocity = { linear: 1, angular: 0 };
const LEFT: Velocity = { linear: 0, angular: 0.5 };
const ME = { id: 'me', name: 'Me', link: 'local' } as const;
const ANA = { id: 'ana', name: 'Ana', link: 'local' } as const;
const terms = { you: { id: 'me', role: 'operator' }, sendEveryMs: 80, watchdogMs: 400 } as const;
const WALL_MS = 1_700_000_000_000;

type Out = { by: 'channel' | 'socket'; atMs: number; message: CommandMessage };

/** A page with its link open and nobody driving, in virtual time. */
function setUp({ channel = false } = {}) {
  let nowMs = 1000;
  let timers: { atMs: number; call: () => void }[] = [];
  const open = { socket: true, channel };
  const out: Out[] = [];
  const sent: SentCommand[] = [];
  const blocked: string[] = [];
  const put = (by: Out['by']) => (text: string) => {
    if (!open[by]) return false;
    const checked = checkCommand(JSON.parse(text));
    assert.ok(checked.ok, `the robot would refuse ${text}`);
    out.push({ by, atMs: nowMs, message: checked.value });
    return true;
  };
  const drive = new Drive({
    sendSocket: put('socket'),
    sendChannel: put('channel'),
    nowMs: () => nowMs,
    robotWallMs: () => WALL_MS + nowMs,
    after: (ms, call) => {
      const timer = { atMs: nowMs + ms, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    sent: (command) => sent.push(command),
    blocked: (why) => blocked.push(why),
  });
  const state = { estop: false, operator: null, reasons: [] as Reason[], appliedSeq: null as number | null };
  const pass = (ms: number) => {
    const untilMs = nowMs + ms;
    for (;;) {
      const due = timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      timers = timers.filter((one) => one !== due);
      nowMs = due.atMs;
      due.call();
    }
    nowMs = untilMs;
  };
  drive.linkOpened(terms);
  drive.onState(state);
  return { drive, open, out, sent, blocked, state, pass, pending: () => timers.length };
}

const kinds = (out: readonly Out[]) =>
  out.map(({ message }) => ('action' in message ? message.action : Object.keys(message)[0]));

test('a held control is sent at once, then each sendEveryMs, and stopped on both links when let go', () => {
  const { drive, out, pass, pending } = setUp({ channel: true });
  drive.move('keyboard', AHEAD);
  assert.is(out.length, 1);
  pass(400);
  assert.equal(
    out.map(({ atMs }) => atMs),
    [1000, 1080, 1160, 1240, 1320, 1400],
  );
  assert.ok(out.every(({ by }) => by === 'channel'));
  assert.equal(drive.velocity, AHEAD);
  drive.move('keyboard', STILL);
  assert.equal(kinds(out.slice(6)), ['stop', 'stop']);
  assert.equal(
    out.slice(6).map(({ by }) => by),
    ['channel', 'socket'],
  );
  pass(1000);
  assert.is(out.length, 8);
  assert.is(pending(), 0);
});

test('every command has a number of its own, a time by the robot and a life', () => {
  const { drive, out, pass } = setUp({ channel: true });
  drive.move('keyboard', AHEAD);
  pass(160);
  drive.move('keyboard', STILL);
  const seqs = out.map(({ message }) => message.seq!);
  assert.equal(
    seqs.map((seq) => seq - seqs[0]!),
    [0, 1, 2, 3, 3],
    'the two stops are one',
  );
  const first = out[0]!.message;
  assert.is(first.issuedAtMs, WALL_MS + 1000);
  assert.is(first.ttlMs, 400);
  assert.is(out.at(-1)!.message.issuedAtMs, undefined, 'a stop is never too old');
});

test('without a data channel all goes by the WebSocket, and over to the channel once it opens', () => {
  const { drive, open, out, pass } = setUp();
  drive.move('keyboard', AHEAD);
  pass(80);
  open.channel = true;
  pass(80);
  assert.equal(
    out.map(({ by }) => by),
    ['socket', 'socket', 'channel'],
  );
});

test('a fast stick is sent at most every 20 ms, and ends on its last place', () => {
  const { drive, out, pass } = setUp();
  for (let step = 1; step <= 50; step += 1) {
    drive.move('stick', { linear: step / 50, angular: 0 });
    pass(2);
  }
  pass(30);
  const drives = out.filter(({ message }) => 'drive' in message);
  assert.ok(drives.length <= 9, `${drives.length} messages in 130 ms`);
  assert.equal(drive.velocity, AHEAD);
});

test('what was held when it was cut off stays without effect until it is let go', () => {
  const { drive, out, pass } = setUp();
  drive.move('stick', AHEAD);
  drive.halt();
  assert.equal(kinds(out), ['drive', 'stop']);
  drive.move('stick', LEFT);
  pass(500);
  assert.is(out.length, 2);
  drive.move('stick', STILL);
  drive.move('stick', LEFT);
  assert.equal(kinds(out), ['drive', 'stop', 'drive']);
});

test('a lost link sends nothing, and nothing held drives on when it is back', () => {
  const { drive, open, out, state, pass, pending } = setUp();
  drive.move('keyboard', AHEAD);
  open.socket = false;
  drive.linkClosed();
  assert.is(pending(), 0);
  assert.equal(drive.velocity, STILL);
  open.socket = true;
  drive.linkOpened({ ...terms, you: { id: 'me again', role: 'operator' } });
  drive.onState(state);
  pass(500);
  assert.equal(kinds(out), ['drive']);
  drive.move('keyboard', STILL);
  drive.move('keyboard', AHEAD);
  assert.equal(kinds(out), ['drive', 'drive']);
});

test('while another drives nothing is sent, not even a stop on letting go', () => {
  const { drive, out, blocked, state, pass } = setUp();
  drive.onState({ ...state, operator: ANA });
  drive.move('keyboard', AHEAD);
  pass(500);
  drive.move('keyboard', STILL);
  drive.halt();
  assert.is(out.length, 0);
  assert.equal(blocked, ['Ana drives. Take over first.']);
});

test('whoever is taken over from falls silent and does not stop the one who took over', () => {
  const { drive, out, state, pass } = setUp();
  drive.move('keyboard', AHEAD);
  drive.onState({ ...state, operator: ME });
  drive.onState({ ...state, operator: ANA });
  pass(500);
  drive.move('keyboard', STILL);
  assert.equal(kinds(out), ['drive']);
});

test('a control held while taking over must be pressed again', () => {
  const { drive, out, state, pass } = setUp();
  drive.onState({ ...state, operator: ANA });
  drive.move('keyboard', AHEAD);
  drive.onState({ ...state, operator: ME });
  pass(500);
  assert.is(out.length, 0);
  drive.move('keyboard', STILL);
  drive.move('keyboard', AHEAD);
  assert.equal(kinds(out), ['drive']);
});

test('a hand on the spot drives over one in the cloud', () => {
  const { drive, out, state } = setUp();
  drive.onState({ ...state, operator: { id: 'far', name: 'Far', link: 'cloud' } });
  drive.move('keyboard', AHEAD);
  drive.move('keyboard', STILL);
  assert.equal(kinds(out), ['drive', 'stop']);
});

test('a viewer sends nothing but an emergency stop', () => {
  const { drive, out, blocked, state } = setUp();
  drive.linkOpened({ ...terms, you: { id: 'me', role: 'viewer' } });
  drive.onState(state);
  drive.move('stick', AHEAD);
  drive.move('stick', STILL);
  assert.is(out.length, 0);
  assert.is(blocked.length, 1);
  drive.emergencyStop();
  assert.equal(kinds(out), ['estop']);
});

test('an emergency stop goes out on both links and disarms what is held until after the reset', () => {
  const { drive, out, state, pass } = setUp({ channel: true });
  drive.move('keyboard', AHEAD);
  drive.emergencyStop();
  assert.equal(kinds(out), ['drive', 'estop', 'estop']);
  drive.onState({ ...state, operator: ME, estop: true });
  pass(500);
  assert.ok(drive.reset());
  drive.onState({ ...state, operator: ME });
  pass(500);
  assert.equal(kinds(out), ['drive', 'estop', 'estop', 'reset'], 'the key is still down');
  drive.move('keyboard', STILL);
  drive.move('keyboard', AHEAD);
  assert.equal(kinds(out).at(-1), 'drive');
});

test('an emergency stop by somebody else lets go of what is held here', () => {
  const { drive, out, state, pass } = setUp();
  drive.move('keyboard', AHEAD);
  drive.onState({ ...state, operator: ME, estop: true });
  drive.onState({ ...state, operator: ME, estop: false });
  pass(500);
  assert.equal(kinds(out), ['drive', 'stop']);
});

test('an emergency stop without a link waits for one; a reset never does', () => {
  const { drive, open, out } = setUp();
  open.socket = false;
  drive.linkClosed();
  drive.emergencyStop();
  assert.ok(drive.estopWaiting);
  open.socket = true;
  drive.linkOpened(terms);
  assert.equal(kinds(out), ['estop']);
  assert.not(drive.estopWaiting);
  open.socket = false;
  assert.not(drive.reset());
  open.socket = true;
  drive.linkOpened(terms);
  assert.equal(kinds(out), ['estop']);
});

test('commands that vanish on the data channel go by the WebSocket for a while', () => {
  const { drive, out, state, pass } = setUp({ channel: true });
  drive.move('keyboard', AHEAD);
  let firstBySocket: number | undefined;
  for (let ms = 0; ms < 2000 && firstBySocket === undefined; ms += 100) {
    pass(100);
    drive.onState({ ...state, operator: ME });
    firstBySocket = out.find(({ by }) => by === 'socket')?.atMs;
  }
  assert.ok(firstBySocket && firstBySocket <= 1000 + 900, `first by WebSocket at ${firstBySocket}`);
  pass(6000);
  assert.is(out.at(-1)!.by, 'channel', 'it is tried again');
});

test('a channel whose commands reach the wheels, or are barred there, is trusted', () => {
  for (const barred of [false, true]) {
    const { drive, out, state, pass } = setUp({ channel: true });
    drive.move('keyboard', AHEAD);
    for (let ms = 0; ms < 3000; ms += 100) {
      pass(100);
      const reasons: Reason[] = barred ? [{ code: 'battery_empty', severity: 'stop', text: 'Empty' }] : [];
      const appliedSeq = barred ? null : out.at(-1)!.message.seq!;
      drive.onState({ ...state, operator: ME, reasons, appliedSeq });
    }
    assert.ok(
      out.every(({ by }) => by === 'channel'),
      `barred: ${barred}`,
    );
  }
});

test('the speed limit bounds what is asked for, also while it is held', () => {
  const { drive, out, pass } = setUp();
  drive.setLimit(0.5);
  drive.move('keyboard', { linear: 1, angular: -0.6 });
  assert.equal(drive.velocity, { linear: 0.5, angular: -0.3 });
  drive.setLimit(0.2);
  pass(20);
  assert.equal(drive.velocity, { linear: 0.2, angular: -0.12 });
  assert.is(out.length, 2);
});

test('a watchdog set shorter is fed more often', () => {
  const { drive, out, pass, state } = setUp();
  drive.onState({ ...state, watchdogMs: 100 });
  drive.move('keyboard', AHEAD);
  pass(100);
  assert.equal(
    out.map(({ atMs }) => atMs),
    [1000, 1020, 1040, 1060, 1080, 1100],
  );
  drive.onState({ ...state, watchdogMs: 2_000 });
  pass(20);
  pass(160);
  assert.is(out.length, 9, 'a longer one as told at first');
});

test('where nothing is heard from the robot, driving goes without its state, for operators only', () => {
  const { drive, out, pass, blocked } = setUp();
  drive.linkClosed();
  drive.move('keyboard', AHEAD);
  assert.is(out.length, 0, 'no link, no driving');
  drive.move('keyboard', STILL);
  drive.linkOpened({ ...terms, sendEveryMs: 200, blind: true });
  drive.move('keyboard', AHEAD);
  pass(400);
  drive.move('keyboard', STILL);
  assert.equal(kinds(out), ['drive', 'drive', 'drive', 'stop']);
  drive.linkOpened({ ...terms, you: { id: '', role: 'viewer' }, blind: true });
  drive.move('keyboard', AHEAD);
  assert.is(out.length, 4);
  assert.match(blocked.at(-1)!, /You watch/);
  assert.not.throws(() => drive.emergencyStop());
  assert.is(kinds(out).at(-1), 'estop');
});

test.run();
