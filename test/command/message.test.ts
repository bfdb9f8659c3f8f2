import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeCommand } from '../../firmware/command/message.ts';

test("takes the original robot's action", () => {
  assert.equal(decodeCommand('{"action":"forward"}'), { ok: true, value: { action: 'forward' } });
});

test.run();
