import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { lossOfClose, lossOfStatus } from '../../../firmware/teleop/page/link.ts';
import { readAdmission, suggestedName, whyRefused } from '../../../firmware/teleop/page/pairing.ts';

test('only a token that is not accepted ends the tries', () => {
  assert.is(lossOfClose(4401).retry, false);
  assert.is(lossOfStatus(401, '').retry, false);
  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 4403, 4429]) {
    assert.is(lossOfClose(code).retry, true, String(code));
  }
  for (const status of [200, 403, 429, 500]) assert.is(lossOfStatus(status, '').retry, true, String(status));
});

test('a refusal is told in its own words and asked again slowly', () => {
  assert.equal(lossOfStatus(403, 'Expected Host to be a name of this robot'), {
    retry: true,
    refused: true,
    why: 'Expected Host to be a name of this robot',
  });
  assert.match(lossOfStatus(200, '').why, /as many pages/);
  assert.match(lossOfClose(1012).why, /restarting/);
  assert.is(lossOfClose(1012).refused, false);
  assert.is(lossOfClose(4429).refused, true);
});

test('the address brings a token, a code or nothing', () => {
  assert.equal(readAdmission('#token=rd_abc-1'), { kind: 'token', token: 'rd_abc-1' });
  assert.equal(readAdmission('#pair=ABCD-EFGH'), { kind: 'code', code: 'ABCD-EFGH' });
  assert.equal(readAdmission('#pair='), { kind: 'code', code: '' });
  for (const hash of ['', '#', '#token=', '#settings']) assert.equal(readAdmission(hash), { kind: 'none' });
});

test('a device gets a name that people recognise', () => {
  const chrome =
    'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Mobile Safari/537.36';
  assert.is(suggestedName(chrome), 'Chrome on Android');
  assert.is(
    suggestedName('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'),
    'Firefox on Linux',
  );
  assert.is(
    suggestedName(
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18 Safari/604.1',
    ),
    'Safari on iPhone',
  );
  assert.is(
    suggestedName('Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0'),
    'Edge on Windows',
  );
  assert.is(suggestedName('curl/8'), 'Browser');
});

test('a code that is not taken says what to do', () => {
  assert.match(whyRefused(401, { code: 'bad_code', message: 'x' }), /roverd pair/);
  assert.is(whyRefused(429, { code: 'rate_limited', message: 'Wait a little' }), 'Wait a little');
  assert.match(whyRefused(502, null), /502/);
});

test.run();
