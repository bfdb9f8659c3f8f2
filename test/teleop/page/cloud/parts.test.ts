import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../../config/paths.ts';
import { Api, ApiError } from '../../../../firmware/teleop/page/cloud/api.ts';
import { presenceText } from '../../../../firmware/teleop/page/cloud/robots.ts';
import { checkSettings } from '../../../../firmware/teleop/page/cloud/settings.ts';

const SETTINGS = {
  issuer: 'https://id.example',
  clientId: 'c',
  scope: 'openid',
  apiUrl: 'https://api.example/Prod',
};

test('settings are whole, or the page says which one is not', () => {
  assert.equal(checkSettings(SETTINGS), {
    ...SETTINGS,
    apiUrl: 'https://api.example/Prod/',
    signOutUrl: null,
  });
  for (const name of Object.keys(SETTINGS)) {
    assert.throws(
      () => checkSettings({ ...SETTINGS, [name]: '' }),
      new RegExp(`Expected ${name} in config.json`),
    );
  }
  assert.throws(() => checkSettings(null), /Expected issuer/);
});

test('presence is told with the time, and the day where that is another', () => {
  const now = new Date(2026, 10, 25, 14, 0);
  const at = (sinceMs: number | null, online = true) =>
    presenceText({ name: 'r', online, sinceMs }, now.getTime());
  assert.is(at(null), 'Never seen');
  assert.match(at(new Date(2026, 10, 25, 9, 5).getTime()), /^Online since \D*0?9:05/);
  assert.match(at(new Date(2026, 10, 24, 9, 5).getTime(), false), /^Offline since .*2026.* 0?9:05/);
});

const answers: { status: number; body: string }[] = [];
const asked: (string | undefined)[] = [];
const server = createServer((request, response) => {
  asked.push(request.headers.authorization);
  const { status, body } = answers.shift() ?? { status: 500, body: 'gone' };
  response.writeHead(status, { 'content-type': 'application/json' }).end(body);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

async function failure(api: Api): Promise<ApiError> {
  const error = await api.robots().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, ApiError);
  return error as ApiError;
}

test('a token that is refused is renewed once; what the API says is what the person reads', async () => {
  const tokens = { token: async () => 'old', renew: async () => 'new' as string | null };
  const api = new Api(url, tokens);
  answers.push({ status: 401, body: '{}' }, { status: 200, body: '{"robots":[]}' });
  assert.equal(await api.robots(), []);
  assert.equal(asked, ['Bearer old', 'Bearer new']);
  answers.push({ status: 401, body: '{}' }, { status: 401, body: '{}' });
  assert.is((await failure(api)).kind, 'signedOut');
  const denied = { status: 403, body: '{"code":"forbidden","message":"Not you"}' };
  answers.push(denied, { status: 200, body: '{"robots":[]}' });
  assert.equal(await api.robots(), [], 'of a token that has ended the gateway says no more');
  answers.push(denied, denied);
  const refused = await failure(api);
  assert.equal([refused.kind, refused.code, refused.message], ['refused', 'forbidden', 'Not you']);
  for (const status of [429, 500, 502]) {
    answers.push({ status, body: 'no JSON' });
    assert.is((await failure(api)).kind, 'failed', String(status));
  }
  tokens.renew = async () => null;
  answers.push({ status: 401, body: '{}' });
  assert.is((await failure(api)).kind, 'signedOut');
  assert.is((await failure(new Api('http://127.0.0.1:9/', tokens))).kind, 'unreachable');
});

test('the whole script of the page in the cloud stays small', () => {
  const script = readFileSync(join(packageRoot(), 'dist/cloud-page/app.js'));
  const bytes = gzipSync(script).length;
  assert.ok(bytes <= 60 * 1024, `${bytes} bytes gzipped`);
  assert.not.match(script.toString(), /\beval\(|new Function\(/, 'nothing that the policy would refuse');
});

test.after(() => {
  server.close();
  server.closeAllConnections();
});

test.run();
