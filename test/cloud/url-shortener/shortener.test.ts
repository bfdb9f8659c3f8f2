import { GetItemCommand, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { refusal } from '../../../cloud/local/services/services.ts';
import { type Link, openShortener, type Shortener } from './on-desk.ts';

interface People {
  readonly zoe: string;
  readonly max: string;
}
const test = suite<Shortener & People>('the URL shortener on the desk');

test.before(async (context) => {
  const shortener = await openShortener();
  Object.assign(context, shortener, {
    zoe: await shortener.tokenOf('zoe@example.com'),
    max: await shortener.tokenOf("max.o'neil@example.com"),
  });
});

test.after(({ close }) => close());

const AWS = { id: 'aws', url: 'http://aws.amazon.com' };

test("the post's example: created, followed, listed", async ({ call, zoe }) => {
  const created = await call('POST', 'app', zoe, AWS);
  assert.is(created.status, 200, created.text);
  const { timestamp, ...link } = created.json<Link>();
  assert.equal(link, { ...AWS, owner: 'zoe@example.com' });
  assert.match(timestamp, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  assert.is(created.headers.get('cache-control'), 'no-store');

  const followed = await call('GET', 'aws');
  assert.equal(
    [followed.status, followed.headers.get('location'), followed.headers.get('cache-control')],
    [301, AWS.url, 'max-age=300'],
  );
  assert.is(followed.text.trim(), '');
  assert.equal((await call('GET', 'app', zoe)).json<Link[]>(), [created.json<Link>()]);
});

test('a name that is taken is refused, and stays who it is', async ({ call, max }) => {
  const again = await call('POST', 'app', max, { ...AWS, url: 'https://else.example' });
  assert.is(again.status, 409);
  assert.equal(again.json(), { error: true, message: 'URL link already exists' });
  assert.is((await call('GET', 'aws')).headers.get('location'), AWS.url);
});

test('of two at the same time one gets the name', async ({ call, zoe, max }) => {
  const tries = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      call('POST', 'app', i % 2 ? zoe : max, { id: 'race', url: `https://e.example/${i}` }),
    ),
  );
  const [first, ...others] = tries.map(({ status }) => status).sort();
  assert.equal([first, ...new Set(others)], [200, 409]);
});

test("another's link can't be changed, deleted or seen", async ({ call, max }) => {
  for (const answer of [
    await call('PUT', 'app/aws', max, { url: 'https://else.example' }),
    await call('DELETE', 'app/aws', max),
    // The same as for one that there is not.
    await call('PUT', 'app/nothing', max, { url: 'https://else.example' }),
    await call('DELETE', 'app/nothing', max),
  ]) {
    assert.is(answer.status, 404);
    assert.equal(answer.json(), { error: true, message: 'You have no link of this name' });
  }
  const own = (await call('GET', 'app', max)).json<Link[]>();
  assert.ok(own.every(({ owner, id }) => owner === "max.o'neil@example.com" && id !== 'aws'));
  assert.is((await call('GET', 'aws')).headers.get('location'), AWS.url);
});

test('the owner changes and deletes', async ({ call, zoe }) => {
  await call('POST', 'app', zoe, { id: 'moves', url: 'https://old.example' });
  const target = async () => (await call('GET', 'moves')).headers.get('location');
  assert.is(await target(), 'https://old.example');
  const changed = await call('PUT', 'app/moves', zoe, { url: 'https://new.example' });
  assert.is(changed.status, 200, changed.text);
  assert.is(changed.json<Link>().url, 'https://new.example');
  assert.is(await target(), 'https://new.example');

  // As the post's client sends it back.
  const whole = { ...changed.json<Link>(), url: 'https://newer.example' };
  assert.is((await call('PUT', 'app/moves', zoe, whole)).status, 200);
  assert.is((await call('PUT', 'app/moves', zoe, { ...whole, id: 'aws' })).status, 404);

  const deleted = await call('DELETE', 'app/moves', zoe);
  assert.equal([deleted.status, deleted.json<Link>().url], [200, 'https://newer.example']);
  assert.is((await call('GET', 'moves')).status, 404);
  assert.is((await call('DELETE', 'app/moves', zoe)).status, 404);
});

test('a link that is not there is a page with words, which nobody keeps', async ({ call, zoe }) => {
  const { status, headers, text } = await call('GET', 'later', null, undefined, { accept: 'text/html' });
  assert.is(status, 404);
  assert.is(headers.get('content-type'), 'text/html; charset=utf-8');
  assert.is(headers.get('cache-control'), 'no-store');
  assert.is(headers.get('location'), null);
  assert.match(text, /^<!doctype html>[\s\S]*<h1>There is no such link<\/h1>/);
  await call('POST', 'app', zoe, { id: 'later', url: 'https://later.example' });
  assert.is((await call('GET', 'later')).status, 301);
});

test('what a path holds stays text', async ({ call, zoe }) => {
  for (const name of [
    `"`,
    `'`,
    '\\',
    `"}}, "x": {"`,
    '\n',
    '$util.urlEncode("a")',
    '#set($x=1)',
    '#end',
    'é\u2028',
    `\\'`,
  ]) {
    const path = encodeURIComponent(name);
    assert.is((await call('GET', path)).status, 404, name);
    const changed = await call('PUT', `app/${path}`, zoe, { url: 'https://e.example' });
    assert.equal([changed.status, changed.json().message], [404, 'You have no link of this name'], name);
    assert.is((await call('DELETE', `app/${path}`, zoe)).status, 404, name);
  }
  const long = 'a'.repeat(3000);
  assert.is((await call('GET', long)).status, 400);
  assert.match((await call('DELETE', `app/${long}`, zoe)).json().message, /^Expected a name of 1 to 64/);
});

test('addresses come back exactly as they were given', async ({ call, zoe }) => {
  const urls = [
    `https://e.example/?q='"\`<>{}|^\\`,
    'https://e.example/$util.urlEncode("a")#set($x=1)$x#end',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Velocity's
    'https://e.example/${context.identity.sourceIp}##comment',
    `https://e.example/\\'\\"\\u0041`,
    'https://e.example/%E2%80%A8/b%C3%BCcher?%22=%0D%0A',
    'HTTPS://[2001:db8::1]:8443/',
    `https://e.example/${'x'.repeat(2048 - 18)}`,
  ];
  for (const [i, url] of urls.entries()) {
    const created = await call('POST', 'app', zoe, { id: `odd-${i}`, url });
    assert.is(created.status, 200, `${url}: ${created.text}`);
    assert.is(created.json<Link>().url, url);
    assert.is((await call('GET', `odd-${i}`)).headers.get('location'), url);
  }
  const listed = (await call('GET', 'app', zoe)).json<Link[]>();
  for (const [i, url] of urls.entries()) assert.is(listed.find(({ id }) => id === `odd-${i}`)?.url, url);
});

const bad: readonly (readonly [what: string, body: unknown])[] = [
  ['a name of the API', { id: 'app', url: 'https://e.example' }],
  ['a name with a slash', { id: 'a/b', url: 'https://e.example' }],
  ['no scheme', { id: 'x', url: 'e.example' }],
  ['another scheme', { id: 'x', url: 'javascript:alert(1)' }],
  ['a line break', { id: 'x', url: 'https://e.example/\r\nSet-Cookie: a=b' }],
  ['letters that have to be encoded', { id: 'x', url: 'https://e.example/ü' }],
  ['an address that is too long', { id: 'x', url: `https://e.example/${'x'.repeat(2048)}` }],
  ['an owner', { id: 'x', url: 'https://e.example', owner: 'u-2' }],
  ['a list', []],
  ['no JSON', '{"id":"x",'],
  ['nothing', ''],
];
for (const [what, body] of bad) {
  test(`does not take ${what}`, async ({ call, zoe }) => {
    const { status, json } = await call('POST', 'app', zoe, body);
    assert.is(status, 400);
    assert.match(json().message, /^Expected id \(1 to 64 letters/);
    assert.is((await call('GET', 'x')).status, 404);
  });
}

test('only JSON gets to the table', async ({ call, zoe }) => {
  const body = JSON.stringify({ TableName: 'x', id: 'raw', url: 'https://e.example' });
  const { status, json } = await call('POST', 'app', zoe, body, { 'content-type': 'text/plain' });
  assert.equal([status, json()], [415, { error: true, message: 'Unsupported Media Type' }]);
});

test('who is not signed in gets nothing but redirects', async ({ call, signed, userPools }) => {
  const nowS = Math.floor(Date.now() / 1000);
  const [client] = userPools.clients;
  await userPools.addPool('eu-central-1_other', null);
  const tokens: Readonly<Record<string, string | null>> = {
    none: null,
    'no token': 'abc',
    expired: await signed({ iat: nowS - 7200, exp: nowS - 3600 }),
    'without an end': await signed({ exp: undefined }),
    'of access': await userPools.token(client!, [], 'zoe'),
    'of another pool': await userPools.sign('eu-central-1_other', {
      iss: userPools.issuer('eu-central-1_other'),
      sub: 'u-1',
      token_use: 'id',
      exp: nowS + 600,
    }),
    'of another issuer': await signed({ iss: 'https://id.example' }),
    'changed afterwards': (await signed({})).replace(
      /\.[^.]+\./,
      `.${Buffer.from('{"sub":"u-2"}').toString('base64url')}.`,
    ),
  };
  for (const [what, token] of Object.entries(tokens)) {
    for (const [method, path, body] of [
      ['POST', 'app', AWS],
      ['GET', 'app', undefined],
      ['PUT', 'app/aws', { url: 'https://e.example' }],
      ['DELETE', 'app/aws', undefined],
    ] as const) {
      const { status, json } = await call(method, path, token, body);
      const message = what === 'expired' ? 'The incoming token has expired' : 'Unauthorized';
      assert.equal([status, json()], [401, { error: true, message }], `${what}: ${method}`);
    }
  }
  assert.is((await call('GET', 'app', `Bearer ${await signed({})}`)).status, 200);
});

test('a token without a subject sees and changes nothing', async ({ call, signed }) => {
  const nobody = await signed({ sub: undefined });
  assert.is((await call('GET', 'app', nobody)).status, 401);
  assert.is((await call('PUT', 'app/aws', nobody, { url: 'https://e.example' })).status, 401);
  assert.is((await call('DELETE', 'app/aws', nobody)).status, 401);
});

async function tableOf(tables: Shortener['tables']): Promise<string> {
  const { TableNames = [] } = await (await tables.client()).send(new ListTablesCommand());
  return TableNames[0]!;
}

test('the table knows no e-mail address', async ({ tables }) => {
  const client = await tables.client();
  const TableName = await tableOf(tables);
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: { id: { S: 'aws' } } }));
  assert.equal(Object.keys(Item ?? {}).sort(), ['created', 'id', 'owner', 'timestamp', 'url']);
  assert.not.match(JSON.stringify(Item), /@/);
});

test('a list comes in pages, which lead to the caller alone', async ({ call, tokenOf, zoe }) => {
  const ida = await tokenOf('ida@example.com');
  for (let i = 0; i < 7; i++) await call('POST', 'app', ida, { id: `ida-${i}`, url: 'https://e.example' });
  const seen: string[] = [];
  let path = 'app?limit=3';
  for (let pages = 1; ; pages++) {
    const { status, headers, json } = await call('GET', path, ida);
    assert.is(status, 200);
    seen.push(...json<Link[]>().map(({ id }) => id));
    const [, next] = /^<(\?[^>]+)>; rel="next"$/.exec(headers.get('link') ?? '') ?? [];
    if (next === undefined) break;
    // The same place, with another's token: that one's own links, if any.
    const other = (await call('GET', `app${next}`, zoe)).json<Link[]>();
    assert.ok(other.every(({ owner }) => owner === 'zoe@example.com'));
    path = `app${next}`;
    assert.ok(pages < 5);
  }
  assert.equal(
    [...seen].sort(),
    Array.from({ length: 7 }, (_, i) => `ida-${i}`),
  );
  for (const query of [
    'limit=0',
    'limit=101',
    'limit=a',
    'limit=1;2',
    'next=a',
    'next=1.a"b',
    `next=${'1'.repeat(16)}.a`,
  ]) {
    const { status, json } = await call('GET', `app?${query}`, ida);
    assert.equal([status, /^Expected .* limit of 1 to 100/.test(json().message)], [400, true], query);
  }
});

test('a hundred long addresses fit a page', async ({ call, tokenOf }) => {
  const token = await tokenOf('long@example.com');
  const url = `https://e.example/${'x'.repeat(2030)}`;
  for (let i = 0; i < 100; i += 10) {
    const created = await Promise.all(
      Array.from({ length: 10 }, (_, j) => call('POST', 'app', token, { id: `long-${i + j}`, url })),
    );
    for (const { status, text } of created) assert.is(status, 200, text);
  }
  const { headers, json } = await call('GET', 'app', token);
  assert.is(json<Link[]>().length, 100);
  // DynamoDB tells of an end only where it comes to it.
  const [, next] = /^<(\?[^>]+)>/.exec(headers.get('link') ?? '') ?? [];
  assert.equal((await call('GET', `app${next}`, token)).json<Link[]>(), []);
});

test('when the table fails, everybody hears it in our words', async ({ call, zoe, services, tables }) => {
  const calls = () =>
    Promise.all([
      call('POST', 'app', zoe, { id: 'unlucky', url: 'https://e.example' }),
      call('GET', 'app', zoe),
      call('PUT', 'app/aws', zoe, { url: 'https://e.example' }),
      call('DELETE', 'app/aws', zoe),
      call('GET', 'unlucky'),
    ]);
  const failing: readonly (readonly [status: number, code: string, answered: number])[] = [
    [400, 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException', 503],
    [400, 'com.amazon.coral.availability#ThrottlingException', 503],
    [400, 'com.amazonaws.dynamodb.v20120810#RequestLimitExceeded', 503],
    [400, 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', 502],
    [400, 'com.amazon.coral.service#AccessDeniedException', 502],
    [400, 'com.amazon.coral.validate#ValidationException', 400],
    [500, 'com.amazonaws.dynamodb.v20120810#InternalServerError', 502],
    [503, 'ServiceUnavailable', 502],
  ];
  try {
    for (const [status, code, answered] of failing) {
      services.provide('dynamodb', async () => refusal(status, code, 'arn:aws:dynamodb:secret'));
      for (const { status: got, headers, text, json } of await calls()) {
        assert.is(got, answered, code);
        assert.is(json().error, true);
        assert.ok(json().message.length > 10);
        assert.not.match(text, /secret|Exception|dynamodb/i);
        assert.is(headers.get('cache-control'), 'no-store');
        assert.is(headers.get('retry-after'), answered === 503 ? '1' : null);
      }
    }
    services.provide('dynamodb', () => Promise.reject(new Error('gone')));
    for (const { status } of await calls()) assert.is(status, 502);
  } finally {
    services.provide('dynamodb', (request) => tables.serve(request));
  }
  assert.is((await call('GET', 'aws')).status, 301);
});

test('by its settings: redirects from the cache of the stage, each with an entry of its own; a name that is taken as in the post', async () => {
  const shortener = await openShortener({ shortenerCacheGb: '0.5', shortenerDuplicate: 'post' });
  const { call, clock, services, tables } = shortener;
  let asked = 0;
  services.provide('dynamodb', (request) => {
    asked += 1;
    return tables.serve(request);
  });
  try {
    const zoe = await shortener.tokenOf('zoe@example.com');
    for (const id of ['aws', 'later']) await call('POST', 'app', zoe, { id, url: `https://${id}.example` });
    asked = 0;
    for (let i = 0; i < 3; i++) {
      for (const id of ['aws', 'later'])
        assert.is((await call('GET', id)).headers.get('location'), `https://${id}.example`);
    }
    assert.is(asked, 2);
    const { headers } = await call('GET', 'aws', null, undefined, { 'cache-control': 'max-age=0' });
    assert.match(headers.get('warning') ?? '', /^199 - "Cache-Control was ignored/);
    assert.is(asked, 2);
    clock.skip(301_000);
    await call('GET', 'aws');
    assert.is(asked, 3);

    const taken = await call('POST', 'app', zoe, { id: 'aws', url: 'https://else.example' });
    assert.equal(
      [taken.status, taken.text.trim()],
      [200, '{"error":true,"message":"URL link already exists"}'],
    );
    assert.is((await call('GET', 'aws')).headers.get('location'), 'https://aws.example');
  } finally {
    await shortener.close();
  }
});

test('a link that was written past the API without a scheme leads nowhere', async ({ call, tables }) => {
  await tables.put(await tableOf(tables), { id: { S: 'past' }, url: { S: 'evil.example' } });
  const { status, headers } = await call('GET', 'past');
  assert.equal([status, headers.get('location')], [404, null]);
});

test('what there is not says so; accesses are logged', async ({ call, zoe, lines }) => {
  const { status, json } = await call('GET', 'a/b/c');
  assert.equal([status, json()], [404, { error: true, message: 'There is nothing here' }]);
  await call('GET', 'app', zoe);
  const logged = lines
    .map((line) => /\{"requestId".*\}$/.exec(line)?.[0])
    .filter((line) => line !== undefined);
  const last = JSON.parse(logged.at(-1)!) as Readonly<Record<string, string>>;
  assert.equal([last.method, last.path, last.status], ['GET', '/Prod/app', '200']);
  assert.match(last.sub ?? '', /^[0-9a-f-]{36}$/);
  assert.not.match(logged.join(), /@example/);
});

test.run();
