import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { PoseMemory, type PoseSnapshot } from '../../firmware/simulator/pose-memory.ts';

const blank = (): PoseSnapshot => ({ xM: -1, yM: -1, headingRad: -1, appliedSeq: -1 });

if (isMainThread) {
  test('what was written is read, in another view of the same memory too', () => {
    const memory = new PoseMemory();
    const reader = new PoseMemory(memory.buffer);
    for (const appliedSeq of [null, 0, 5, 2 ** 31, 2 ** 32 - 2]) {
      memory.write(1.5, -2.25, 3.125, appliedSeq);
      const seen = blank();
      assert.ok(reader.read(seen));
      assert.equal(seen, { xM: 1.5, yM: -2.25, headingRad: 3.125, appliedSeq });
    }
  });

  test('a writer that died in the middle costs the news, not the reader', () => {
    const memory = new PoseMemory();
    memory.write(1, 2, 3, 4);
    Atomics.add(new Int32Array(memory.buffer), 0, 1);
    const seen = blank();
    assert.not(memory.read(seen));
    assert.equal(seen, blank());
  });

  test('a reader on another thread never sees half of one pose and half of another', async () => {
    const memory = new PoseMemory();
    memory.write(0, 0, 0, 0);
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: memory.buffer });
    let result: { reads: number; torn: number; distinct: number } | undefined;
    let failure: Error | undefined;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    worker.once('message', (message) => {
      result = message;
    });
    worker.once('error', (error) => {
      failure = error;
    });
    for (let value = 1; result === undefined && failure === undefined; ) {
      for (let burst = 0; burst < 20_000; burst += 1, value = (value % 1_000_000) + 1) {
        memory.write(value, value, value, value);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await ended;
    assert.is(failure, undefined);
    assert.is(result!.torn, 0);
    assert.ok(result!.distinct > 100, `${result!.distinct} different poses in ${result!.reads} reads`);
  });

  test.run();
} else {
  const memory = new PoseMemory(workerData);
  const { parentPort } = await import('node:worker_threads');
  const seen = blank();
  let torn = 0;
  let distinct = 0;
  let last = -1;
  let reads = 0;
  for (const endMs = performance.now() + 5000; distinct < 20_000 && performance.now() < endMs; reads += 1) {
    if (!memory.read(seen)) continue;
    if (seen.xM !== seen.yM || seen.xM !== seen.headingRad || seen.xM !== seen.appliedSeq) torn += 1;
    if (seen.xM !== last) distinct += 1;
    last = seen.xM;
  }
  parentPort?.postMessage({ reads, torn, distinct });
}
