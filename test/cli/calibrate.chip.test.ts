import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Chips, ownChips } from '../chips/chips.ts';
import { motorState } from '../drive/chip-wheels.ts';
import { parentOfGuardianOn, until } from '../native/guardian-rig.ts';
import { Roverd } from './roverd.ts';

const test = suite('roverd calibrate');
const roverd = new Roverd();
test.before(() => roverd.build());
test.after(() => roverd.clean());

const { LD_PRELOAD, CHIPS_STATE } = process.env;
const WAIT_MS = 20_000;

/** A person at the terminal. */
class Person {
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  #text = '';
  #read = 0;

  constructor(args: readonly string[], file: string) {
    const env = { LD_PRELOAD, CHIPS_STATE, ROVERD_CONFIG: file };
    this.#child = roverd.onTerminal(['calibrate', '--set', 'teleop.port=0', ...args], env);
    this.#child.stdout?.on('data', (chunk) => (this.#text += chunk));
    // One that waits for an answer nobody gives would wait for ever.
    const patience = setTimeout(() => this.#child.kill(), 2 * WAIT_MS);
    this.exited = new Promise((resolve) =>
      this.#child.on('close', (code) => {
        clearTimeout(patience);
        resolve(code);
      }),
    );
  }

  get text(): string {
    return this.#text;
  }

  /** Waits for the words, after those waited for before. */
  async reads(words: string): Promise<void> {
    const untilMs = performance.now() + WAIT_MS;
    for (;;) {
      const at = this.#text.indexOf(words, this.#read);
      if (at >= 0) {
        this.#read = at + words.length;
        return;
      }
      if (performance.now() > untilMs) throw new Error(`Expected to read ${words} in:\n${this.#text}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  types(text: string): void {
    this.#child.stdin?.write(text);
  }
}

function configFile(content: object): string {
  const path = join(roverd.stateDir, 'config.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

const motor = (chips: Chips, number: number) => motorState(chips.pca9685().duty, number);
/** Which motors have been driven since now, and which way, in order. */
function watchTurns(chips: Chips): () => string[] {
  const sinceNs = process.hrtime.bigint();
  return () => {
    const changes = chips.pca9685().outputs.changes();
    return changes
      .filter(({ atNs }) => atNs >= sinceNs)
      .flatMap(({ outputs }) => {
        const level = (channel: number) => (outputs >> channel) & 1;
        const driven = [1, 2].filter((number) => motorState(level, number).ratio !== 0);
        return driven.map((number) => `M${number} ${motorState(level, number).ratio > 0 ? '+' : '-'}`);
      });
  };
}

test('turns each motor, hears how it went, and writes what differs', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  const turns = watchTurns(chips);
  const file = configFile({ robot: { name: 'rosa' }, drive: { maxRatio: 0.5 } });
  const person = new Person(['--ratio', '0.4', '--ms', '50'], file);
  await person.reads('The left wheels are told to go forward.');
  await person.reads('Which way did they go?');
  assert.equal(turns(), ['M1 +']);
  assert.is(motor(chips, 1).ratio, 0);
  person.types('what?\n');
  await person.reads('Please answer f, b, n, o, a.');
  await person.reads('Which way did they go?');
  person.types('again\n');
  await person.reads('Which way did they go?');
  assert.equal(turns(), ['M1 +', 'M1 +']);
  // As if M1 drove the right wheels, the wrong way round, and M2 the left ones.
  person.types('o\n');
  await person.reads('Which way did the right wheels go?');
  person.types('backwards\n');
  await person.reads('The right wheels are told to go forward.');
  await person.reads('Which way did they go?');
  assert.is(turns().at(-1), 'M2 +');
  person.types('o\n');
  await person.reads('Which way did the left wheels go?');
  person.types('f\n');
  assert.is(await person.exited, 0);
  assert.match(person.text, `Changed in ${file}`);
  assert.match(person.text, 'motorHat.leftMotor: 1 -> 2');
  assert.equal(JSON.parse(readFileSync(file, 'utf8')), {
    robot: { name: 'rosa' },
    drive: { maxRatio: 0.5, invertRight: true },
    motorHat: { leftMotor: 2, rightMotor: 1 },
  });
  chips.close();
});

test('changes nothing when all is right, and says so', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  const turns = watchTurns(chips);
  const file = configFile({ drive: { invertLeft: true } });
  const before = readFileSync(file, 'utf8');
  const person = new Person(['--ms', '50'], file);
  for (let i = 0; i < 2; i += 1) {
    await person.reads('Which way did they go?');
    person.types('f\n');
  }
  assert.is(await person.exited, 0);
  assert.match(person.text, 'Nothing to change');
  assert.equal(turns(), ['M1 -', 'M2 +']);
  assert.is(readFileSync(file, 'utf8'), before);
  chips.close();
});

test('Ctrl-C stops a motor that turns, and changes nothing', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  const file = configFile({});
  const person = new Person(['--ms', '3000'], file);
  await person.reads('The left wheels are told to go forward.');
  const untilMs = performance.now() + WAIT_MS;
  while (motor(chips, 1).ratio === 0 && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(motor(chips, 1).ratio > 0.29);
  const sinceMs = performance.now();
  person.types('\x03');
  assert.is(await person.exited, 1);
  assert.ok(performance.now() - sinceMs < 2500, 'long before the turn would have ended');
  assert.match(person.text, 'Interrupted. The motors are stopped; nothing was changed.');
  for (const number of [1, 2]) assert.is(motor(chips, number).ratio, 0);
  assert.is(readFileSync(file, 'utf8'), '{}');
  chips.close();
});

test('killed while a motor turns, it leaves the stopping to its guardian', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  const person = new Person(['--ms', '3000'], configFile({}));
  await until('the motor turns', () => motor(chips, 1).ratio > 0.29);
  process.kill(parentOfGuardianOn(CHIPS_STATE!)!, 'SIGKILL');
  await until('the motor stands', () => motor(chips, 1).ratio === 0, 2000);
  await person.exited;
  assert.is(parentOfGuardianOn(CHIPS_STATE!), undefined);
  chips.close();
});

test('a motor that does not turn, or answers that do not fit, change nothing', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  const file = configFile({});
  const still = new Person(['--ms', '50'], file);
  await still.reads('Which way did they go?');
  still.types('n\n');
  assert.is(await still.exited, 1);
  assert.match(still.text, 'The left motor did not turn.');
  const muddled = new Person(['--ms', '50'], file);
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await muddled.reads('Which way did they go?');
    muddled.types('f\n');
    await muddled.reads('Which way did they go?');
    muddled.types('o\n');
    await muddled.reads('Which way did the left wheels go?');
    muddled.types('f\n');
    await muddled.reads('Both motors turned the left side');
  }
  assert.is(await muddled.exited, 1);
  assert.match(muddled.text, 'The answers do not fit together. Nothing was changed.');
  assert.is(readFileSync(file, 'utf8'), '{}');
  chips.close();
});

test('leaves the motors to a robot that runs, and refuses a simulated one', async () => {
  const chips = ownChips({ pca9685: [0x60] });
  const turns = watchTurns(chips);
  const server = createServer((_, response) => response.end('{"status":"ok"}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const beside = new Person(['--set', `teleop.port=${port}`], configFile({}));
  assert.is(await beside.exited, 1);
  assert.match(beside.text, 'A robot is running here');
  server.close();
  const simulated = new Person(['--set', 'robot.simulate=true'], configFile({}));
  assert.is(await simulated.exited, 2);
  assert.match(simulated.text, 'A simulated robot has no motors');
  assert.equal(turns(), []);
  chips.close();
});

test.run();
