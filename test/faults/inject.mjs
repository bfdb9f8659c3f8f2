/**
 * Preloaded into a runtime (NODE_OPTIONS=--import): does to it what its own code must never do. Orders come by
 * `child.send`; see Order in robot.ts.
 */
process.on('message', (order) => {
  if (order.blockMs !== undefined)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.blockMs);
  if (order.spinMs !== undefined)
    for (const endMs = performance.now() + order.spinMs; performance.now() < endMs; );
  if (order.throw !== undefined) {
    setImmediate(() => {
      throw new Error(order.throw);
    });
  }
  if (order.exhaust) for (const kept = []; ; ) kept.push(Array.from({ length: 1000 }, Math.random));
  if (order.count) {
    // The runtime's own rubbish is no growth.
    globalThis.gc?.();
    process.send({ resources: process.getActiveResourcesInfo(), heapBytes: process.memoryUsage().heapUsed });
  }
});
// What listens must not keep a runtime that wants to end.
process.channel?.unref();
