import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { KvsError } from '../../firmware/video/kvs-status.ts';
import { kvsStatusName } from '../../firmware/video/kvs-status-names.ts';

test('numbers have the names of the headers', () => {
  for (const [status, name] of [
    [0x00000001, 'STATUS_NULL_ARG'],
    [0x00000004, 'STATUS_NOT_ENOUGH_MEMORY'],
    [0x40100001, 'STATUS_HASH_KEY_NOT_PRESENT'],
    [0x55000009, 'STATUS_SESSION_DESCRIPTION_MISSING_CERTIFICATE_FINGERPRINT'],
    [0x5800001a, 'STATUS_SEND_DATA_FAILED'],
    [0x59000007, 'STATUS_DTLS_SESSION_ALREADY_FREED'],
    [0x5a000003, 'STATUS_ICE_CANDIDATE_STRING_MISSING_IP'],
    [0x5a000010, 'STATUS_ICE_NOMINATED_CANDIDATE_NOT_CONNECTED'],
    [0x5a00001d, 'STATUS_ICE_NO_LOCAL_HOST_CANDIDATE_AVAILABLE'],
    [0x5b000006, 'STATUS_SRTP_NOT_READY_YET'],
    [0x5d00004c, 'STATUS_SIGNALING_DESCRIBE_MEDIA_CALL_FAILED'],
    [0x61000001, 'STATUS_ROLLING_BUFFER_NOT_IN_RANGE'],
  ] as const) {
    assert.is(kvsStatusName(status), name);
  }
  assert.is(kvsStatusName(0x5a00000f), null);
  assert.is(kvsStatusName(0x7fffffff), null);
});

test('an error tells the call, the name and what to do', () => {
  const error = new KvsError('setLocalDescription', 0x5a00001d);
  assert.is(error.code, 'STATUS_ICE_NO_LOCAL_HOST_CANDIDATE_AVAILABLE');
  assert.is(
    error.message,
    'setLocalDescription failed with STATUS_ICE_NO_LOCAL_HOST_CANDIDATE_AVAILABLE (0x5a00001d): give the machine a network besides loopback, or set video.engine to datachannel',
  );
  // Of a part of the SDK that is known, though the number is not.
  assert.match(
    new KvsError('writeFrame', 0x5b0000aa).message,
    /^writeFrame failed with 0x5b0000aa: have the viewer connect/,
  );
  assert.match(
    new KvsError('writeFrame', 0xffffffff).message,
    /^writeFrame failed with 0xffffffff: look the number up/,
  );
});

test('every name has something to do', () => {
  let named = 0;
  for (const part of [
    0x00, 0x40, 0x41, 0x52, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60, 0x61,
  ]) {
    for (let low = 1; low < 0x200; low++) {
      for (const middle of part === 0x40 || part === 0x41 ? [0, 0x10, 0x20, 0x30, 0x40] : [0]) {
        const status = part * 2 ** 24 + middle * 2 ** 16 + low;
        if (kvsStatusName(status) === null) continue;
        named += 1;
        assert.not.match(new KvsError('call', status).remedy, /look the number up/);
      }
    }
  }
  assert.ok(named > 250, `${named}`);
});

test.run();
