import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { run, writeAssembly } from './assembly.ts';
import { KEYS, startBrokerEndpoint } from './broker-endpoint.ts';
import { startDynamo } from './dynamo.ts';
import { apiEvent } from './robot/events.ts';
import type { TemplateResource } from './synthesized.ts';

const assembly = await writeAssembly({ robots: 'sts-pi,second' });
const bundle = async (logicalId: string) =>
  join(await assembly.bundleOf('roverd-robot', logicalId), 'index.mjs');

test('writes the assembly of every stack, with nothing left to object to', async () => {
  const manifest = JSON.parse(await readFile(join(assembly.folder, 'manifest.json'), 'utf8'));
  const stacks = Object.entries<{ type: string }>(manifest.artifacts).filter(
    ([, { type }]) => type === 'aws:cloudformation:stack',
  );
  assert.equal(stacks.map(([name]) => name).sort(), [
    'roverd-account',
    'roverd-atm-events',
    'roverd-call-analytics',
    'roverd-page',
    'roverd-retention',
    'roverd-robot',
    'roverd-url-shortener',
  ]);
  const report = JSON.parse(await readFile(join(assembly.folder, 'validation-report.json'), 'utf8'));
  assert.equal(report.pluginReports, []);
});

test('takes the context from the command line', async () => {
  const template = await readFile(join(assembly.folder, 'roverd-robot.template.json'), 'utf8');
  const { Resources } = JSON.parse(template) as { Resources: Record<string, TemplateResource> };
  const things = Object.values(Resources).filter(({ Type }) => Type === 'AWS::IoT::Thing');
  assert.equal(
    things.map(({ Properties }) => Properties.ThingName),
    ['sts-pi', 'second'],
  );
});

test('every bundle loads by itself and exports its handler', async () => {
  for (const logicalId of ['ApiPublish', 'ApiRobots', 'ApiViewer', 'ApiAuthorize', 'CognitoScopes']) {
    const url = pathToFileURL(await bundle(logicalId)).href;
    const { code, output } = await run([
      '--input-type=module',
      '-e',
      `const { handler } = await import(${JSON.stringify(url)}); console.log(typeof handler, handler.length);`,
    ]);
    assert.equal([code, output.trim()], [0, 'function 1'], logicalId);
  }
});

test('the functions that somebody waits for are small', async () => {
  const gzipped = async (logicalId: string) => gzipSync(await readFile(await bundle(logicalId))).byteLength;
  assert.ok((await gzipped('ApiPublish')) <= 60 * 1024);
  assert.ok((await gzipped('ApiAuthorize')) <= 60 * 1024);
  assert.ok((await gzipped('ApiViewer')) <= 20 * 1024);
});

test('the bundle publishes', async () => {
  const broker = await startBrokerEndpoint();
  const url = pathToFileURL(await bundle('ApiPublish')).href;
  const { code, output } = await run(
    [
      '--input-type=module',
      '-e',
      `const { handler } = await import(${JSON.stringify(url)});
       const { statusCode } = await handler(JSON.parse(process.env.EVENT));
       process.exit(statusCode === 200 ? 0 : 1);`,
    ],
    {
      ...KEYS,
      ROBOTS: 'sts-pi',
      IOT_ENDPOINT: broker.url,
      EVENT: JSON.stringify(apiEvent('{"action":"stop"}')),
    },
  );
  await broker.close();
  assert.is(code, 0, output);
  assert.ok(broker.taken[0]?.verdict.ok);
});

test('the bundle reads a table', async () => {
  const dynamo = await startDynamo();
  const { Resources } = JSON.parse(
    await readFile(join(assembly.folder, 'roverd-robot.template.json'), 'utf8'),
  );
  const [, table] = Object.entries<TemplateResource>(Resources).find(([name]) =>
    name.startsWith('LandingPresence'),
  )!;
  await dynamo.create('presence', table);
  const url = pathToFileURL(await bundle('ApiRobots')).href;
  const { code, output } = await run(
    [
      '--input-type=module',
      '-e',
      `const { handler } = await import(${JSON.stringify(url)});
       console.log((await handler(JSON.parse(process.env.EVENT))).body);`,
    ],
    {
      ...KEYS,
      ROBOTS: 'sts-pi',
      PRESENCE_TABLE: 'presence',
      AWS_ENDPOINT_URL_DYNAMODB: dynamo.url,
      NODE_NO_WARNINGS: '1',
      EVENT: JSON.stringify(apiEvent(null, { method: 'GET' })),
    },
  );
  await dynamo.close();
  assert.equal([code, output.trim()], [0, '{"robots":[{"name":"sts-pi","online":false,"sinceMs":null}]}']);
});

test.after(() => assembly.remove());

test.run();
