/**
 * The C++ of the KVS engine without the SDK: compiled against the double in kvs-double/, whose every call fails once,
 * and run under AddressSanitizer (with its leak check) and ThreadSanitizer.
 */
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { compileChecks, run } from './kvs-double-build.ts';

for (const [sanitizer, env] of [
  ['address', { ASAN_OPTIONS: 'detect_leaks=1:strict_string_checks=1' }],
  ['thread', { TSAN_OPTIONS: 'halt_on_error=1:second_deadlock_stack=1' }],
] as const) {
  test(`the KVS engine's C++ holds with every call failing, under the ${sanitizer} sanitizer`, async () => {
    const program = await compileChecks(sanitizer);
    // ThreadSanitizer of GCC 12 can't place its memory where the kernel shuffles addresses by 32 bits.
    const checks = await run('setarch', ['-R', program], env);
    assert.is(checks.code, 0, checks.output);
    assert.match(checks.output, /^everything holds: \d+ viewers, \d+ frames\n$/);
    // What a process leaves behind that ends in the midst is no leak.
    const exit = await run('setarch', ['-R', program, 'exit'], { ...env, LSAN_OPTIONS: 'detect_leaks=0' });
    assert.equal([exit.code, exit.output], [0, '']);
  });
}

test.run();
