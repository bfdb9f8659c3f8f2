import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { savedEvents } from '../../../../cloud/local/page/saved-events.ts';
import { type DeskPage, servePage } from '../../../../cloud/local/page/server.ts';
import { packageRoot } from '../../../../config/paths.ts';
import { browserMissing, launchBrowser, type TestBrowser } from '../../../browser.ts';
import { type DeskRig, functionResources, openRig, writeStack } from '../rig.ts';

const test = suite("the desk's page");
const skipped = suite("the desk's page");

const cloud = mkdtempSync(join(tmpdir(), 'desk-page-'));
mkdirSync(join(cloud, 'small/events/Greets'), { recursive: true });
writeFileSync(join(cloud, 'small/events/anyone.json'), '{"name":"anyone"}');
writeFileSync(join(cloud, 'small/events/Greets/zoe.json'), '{"name":"Zoë <b>"}');
const written = writeStack(
  {
    ...functionResources('Greets'),
    ...functionResources('Fails'),
    Notes: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'notes',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      },
    },
  },
  {
    Greets:
      "export const handler = async ({ name }) => { console.log('greets', name); return { text: 'hello ' + name }; };",
    Fails: "export const handler = async () => { throw new TypeError('not today'); };",
  },
);

let desk: DeskRig;
let served: DeskPage;
let browser: TestBrowser;
let page: Page;
const faults: string[] = [];

test.before(async () => {
  const build =
    "const { buildDeskPage } = await import('./installer/build-page.mjs'); await buildDeskPage();";
  execFileSync(process.execPath, ['--input-type=module', '-e', build], { cwd: packageRoot() });
  desk = await openRig(written.stack);
  await desk.tables.put('notes', { id: { S: 'a' } });
  const events = savedEvents('roverd-small', cloud);
  served = await servePage({ stack: 'roverd-small', desk, feed: desk.feed, events, port: 0 });
  browser = await launchBrowser();
  page = await browser.browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(served.url);
  await page.locator('#stack').filter({ hasText: 'roverd-small' }).waitFor();
});
test.after(async () => {
  await browser?.close();
  await served?.close();
  await desk?.close();
  written.remove();
  rmSync(cloud, { recursive: true });
});

const payload = () => page.locator('#payload').innerText();

test('offers the saved events of the chosen function, and invokes it with one', async () => {
  await page.locator('#function').selectOption('Greets');
  assert.equal(await page.locator('#saved option').allInnerTexts(), ['none', 'zoe', 'anyone']);
  await page.locator('#saved').selectOption('zoe');
  await page.locator('#run').click();
  await page
    .locator('#verdict')
    .filter({ hasText: /^Answer after \d+ ms$/ })
    .waitFor();
  assert.equal(JSON.parse(await payload()), { text: 'hello Zoë <b>' });
  await page.locator('#log li', { hasText: 'greets Zoë <b>' }).waitFor();
  if (process.env.SHOW_PAGE) await page.screenshot({ path: process.env.SHOW_PAGE, fullPage: true });
});

test('an event may be changed; what is no JSON is not sent', async () => {
  await page.locator('#event').fill('{"name":"you"');
  await page.locator('#run').click();
  await page.locator('#fault').filter({ hasText: 'Expected JSON but' }).waitFor();
  await page.locator('#event').fill('{"name":"you"}');
  await page.locator('#run').click();
  await page.locator('#payload').filter({ hasText: 'hello you' }).waitFor();
  assert.is(await page.locator('#fault').innerText(), '');
});

test('shows what a function failed with', async () => {
  await page.locator('#function').selectOption('Fails');
  await page.locator('#run').click();
  await page
    .locator('#verdict')
    .filter({ hasText: /^It failed after/ })
    .waitFor();
  const { errorType, errorMessage } = JSON.parse(await payload());
  assert.equal({ errorType, errorMessage }, { errorType: 'TypeError', errorMessage: 'not today' });
});

test('shows what the tables hold, and lets time pass', async () => {
  await page.locator('#views tr', { hasText: 'notes' }).filter({ hasText: '1' }).waitFor();
  let passed = false;
  desk.clock.after(3 * 3_600_000, () => {
    passed = true;
  });
  await page.locator('#amount').fill('3');
  await page.locator('#unit').selectOption('hours');
  await page.getByRole('button', { name: 'Let it pass' }).click();
  await page.waitForFunction(() => document.getElementById('now')!.textContent !== '');
  for (let tries = 0; !passed && tries < 100; tries++) await page.waitForTimeout(20);
  assert.is(passed, true);
});

test('nothing was blocked and nothing failed on the page', () => assert.equal(faults, []));

test('another site can neither read nor invoke', async () => {
  const invoke = (headers: Record<string, string>) =>
    fetch(`${served.url}api/invoke`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ function: 'Greets', event: {} }),
    });
  const json = { 'content-type': 'application/json' };
  assert.is((await invoke({ ...json, origin: 'https://example.com' })).status, 403);
  assert.is((await invoke({ 'content-type': 'text/plain' })).status, 403);
  assert.is((await invoke(json)).status, 200);
});

test('what is asked wrongly is refused in words', async () => {
  const ask = async (path: string, body: unknown, text = JSON.stringify(body)) => {
    const response = await fetch(`${served.url}api/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: text,
    });
    return [response.status, ((await response.json()) as { message: string }).message] as const;
  };
  assert.is((await ask('skip', { ms: -1 }))[0], 400);
  const [status, said] = await ask('invoke', { function: 'Else', event: {} });
  assert.is(status, 400);
  assert.match(said, /Expected a function of the stack/);
  assert.is((await ask('invoke', null, '{'))[0], 400);
  assert.is((await ask('else', {}))[0], 404);
});

const missing = browserMissing();
if (missing) {
  console.log(`SKIP the desk's page: ${missing}; enable: apt-get install chromium`);
  skipped.skip("the desk's page", () => undefined);
  skipped.run();
} else test.run();
