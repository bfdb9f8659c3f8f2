/** The guardian's C under AddressSanitizer and UndefinedBehaviorSanitizer: its own ways, and input of all kinds. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const REPORT = /runtime error|ERROR: \w*Sanitizer/;
const PARALLEL = 8;

/** @returns {Promise<string[]>} what was found */
export async function guardianSanitized(root, build, cycles) {
  const native = join(root, 'native');
  const sources = readdirSync(native).filter((name) => /^guardian.*\.c$/.test(name));
  const program = join(build, 'guardian');
  const flags = ['-std=c11', '-D_GNU_SOURCE', '-g', '-O1', '-Wall', '-Wextra', '-Werror', '-pthread'];
  const sanitizers = ['-fsanitize=address,undefined', '-fno-omit-frame-pointer'];
  console.log('compiling the guardian with sanitizers ...');
  execFileSync('cc', [...flags, ...sanitizers, ...sources.map((name) => join(native, name)), '-o', program], {
    stdio: 'inherit',
  });
  const folder = mkdtempSync(join(tmpdir(), 'roverd-leaks-'));
  const found = [];
  const judge = (what, { code, output }, expected) => {
    if (REPORT.test(output)) found.push(`the guardian, ${what}: ${output.slice(0, 4000)}`);
    else if (!expected.includes(code)) found.push(`the guardian, ${what}: ended with ${code}\n${output}`);
  };
  try {
    judge('in its ordinary ways', await run(program, ordinary(folder)), [0]);
    const file = join(folder, 'silence');
    writeFileSync(file, `roverd-silence 1\nfile 300a ${join(folder, 'duty')}\nfile 300a /dev/full\nend\n`);
    judge('once', await run(program, [], ['--silence', file]), [1]);
    console.log(`the guardian: ${cycles} inputs of all kinds ...`);
    const random = generator(20_240_131);
    for (let n = 0; n < cycles; n += PARALLEL) {
      const inputs = Array.from({ length: Math.min(PARALLEL, cycles - n) }, () => anything(random, folder));
      const outcomes = await Promise.all(inputs.map((input) => run(program, [input])));
      for (const [i, outcome] of outcomes.entries())
        judge(JSON.stringify(inputs[i].toString('latin1')), outcome, [0, 1, 2]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  console.log(`  ${found.length} faults`);
  return found;
}

/** Text to send, and milliseconds to wait. */
function ordinary(folder) {
  const [good, bad] = [join(folder, 'duty'), join(folder, 'swapped')];
  writeFileSync(good, '1');
  symlinkSync('/dev/full', bad);
  return [
    `roverd-silence 1\ntimeout 100\nfile 300a ${good}\nfile 300a ${bad}\nend\n`,
    200,
    () => {
      rmSync(bad);
      writeFileSync(bad, '1');
    },
    300,
    ...[
      'M',
      300,
      'S',
      100,
      'U',
      100,
      'M',
      20,
      'notify READY=1\nnonsense\n',
      20,
      `${'x'.repeat(3000)}\nMMMSSS`,
      50,
    ],
  ];
}

/** Lines as they should be, cut, repeated and mixed with bytes that are none of the protocol's. */
function anything(random, folder) {
  const below = (n) => Math.floor(random() * n);
  const words = [
    'roverd-silence 1\n',
    'timeout 60\n',
    `file 30 ${join(folder, 'duty')}\n`,
    'end\n',
    'M',
    'S',
    'U',
  ];
  words.push(
    'i2c 250 96 fd10\n',
    'i2c 999 1 0\n',
    'notify x\n',
    '#\n',
    ' ',
    '\0',
    '\xff',
    '9'.repeat(700),
    `file ${'00'.repeat(90)} /x\n`,
  );
  const parts = below(2) ? [words[0]] : [];
  for (let i = below(60); i > 0; i--) parts.push(words[below(words.length)]);
  const bytes = Buffer.from(parts.join(''), 'latin1');
  return bytes.subarray(0, below(10) ? bytes.length : below(bytes.length + 1));
}

/** Numbers in 0..1, the same in every run (a linear congruential generator, Numerical Recipes). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function run(program, input, args = []) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  child.stdin.on('error', () => undefined);
  const ended = new Promise((resolve) => child.on('close', (code) => resolve({ code, output })));
  (async () => {
    for (const part of input) {
      if (typeof part === 'number') await sleep(part);
      else if (typeof part === 'function') part();
      else child.stdin.write(part);
    }
    child.stdin.end();
  })();
  return ended;
}
