import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openTokenStore } from '../../firmware/teleop/tokens.ts';
import type { ServerMessage } from '../../firmware/teleop/wire.ts';
import { launchBrowser, type TestBrowser } from '../browser.ts';
import { drives, stands, untilState } from '../page/cockpit.ts';
import { PATIENT, type RobotProcess, startProcess } from '../robot-process.ts';
import { until } from '../teleop/rig.ts';
import { createAuthority } from './certificates.ts';
import { startViewerSite } from './kvs/viewer-site.ts';
import { KvsService, REGION, ROLE_ALIAS } from './kvs-service.ts';

interface Context {
  folder: string;
  service: KvsService;
  robot: RobotProcess;
  chromium: TestBrowser;
  site: Awaited<ReturnType<typeof startViewerSite>>;
  operatorToken: string;
  viewerToken: string;
}

const THING = 'rover';
const FORWARD = '{"drive":{"linear":0.5,"angular":0}}';
const kvs = suite<Context>('AWS’s viewer, the robot, and a KVS service between them');

kvs.before(async (context) => {
  const authority = await createAuthority();
  const identity = await authority.issue(THING);
  context.folder = mkdtempSync(join(tmpdir(), 'roverd-kvs-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(context.folder, name), text);
    return join(context.folder, name);
  };
  context.service = await KvsService.start(authority);
  context.service.register(THING, identity);
  const stateDir = join(context.folder, 'state');
  const tokens = openTokenStore(stateDir);
  context.operatorToken = tokens.mint({ name: 'Ada', role: 'operator', kind: 'paired' }).token;
  context.viewerToken = tokens.mint({ name: 'Bob', role: 'viewer', kind: 'paired' }).token;
  context.robot = await startProcess({
    stateDir,
    settings: {
      ...PATIENT,
      'cloud.thingName': THING,
      'cloud.region': REGION,
      'cloud.roleAlias': ROLE_ALIAS,
      'cloud.credentialsEndpoint': context.service.credentialsEndpoint,
      'cloud.kvsEndpoint': context.service.endpoint,
      'cloud.certificate': file('certificate.pem', identity.certificate),
      'cloud.privateKey': file('private.pem.key', identity.privateKey),
      'cloud.ca': file('cacert.pem', authority.ca),
    },
  });
  context.site = await startViewerSite();
  context.chromium = await launchBrowser(['--ignore-certificate-errors']);
});
kvs.after(async ({ chromium, robot, service, site, folder }) => {
  await chromium.close();
  await site.close();
  assert.is(await robot.end(), 0, 'the robot ends in good order');
  assert.not.match(robot.log(), /X-Amz-Signature|X-Amz-Security-Token/i);
  assert.equal(service.violations, []);
  await service.close();
  rmSync(folder, { recursive: true, force: true });
});
kvs.after.each(async ({ chromium, robot }) => {
  for (const left of chromium.browser.contexts()) {
    for (const page of left.pages())
      await page.evaluate(() => window.viewer?.peer.close()).catch(() => undefined);
    await left.close();
  }
  await untilState(
    robot,
    'at rest without viewers',
    (state) => !state.operator && stands(state) && state.kvs?.viewers === 0,
    20_000,
  );
});

async function openViewer({ chromium, site, service }: Context, clientId: string): Promise<Page> {
  const page = await (await chromium.browser.newContext()).newPage();
  await page.goto(site.url);
  await start(page, service, clientId);
  return page;
}

async function start(page: Page, service: KvsService, clientId: string): Promise<void> {
  const { accessKeyId, secretAccessKey, sessionToken = '' } = service.viewerKeys(THING);
  await page.evaluate((options) => window.startViewer(options), {
    channelARN: service.arnOf(THING),
    channelEndpoint: service.wssEndpoint,
    clientId,
    region: REGION,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
  });
  await page.waitForFunction(() => window.viewer.frames > 5, null, { timeout: 15_000 });
}

/** The first message that fits, past or to come. */
async function expectMessage(page: Page, has: string): Promise<ServerMessage> {
  const found = await page.waitForFunction(
    (has) => window.viewer.messages.find((text) => text.includes(has)),
    has,
    { timeout: 5000 },
  );
  return JSON.parse((await found.jsonValue())!) as ServerMessage;
}

const send = (page: Page, message: object) =>
  page.evaluate((text) => window.viewer.send(text), JSON.stringify(message));
const hold = (page: Page, text: string | null) => page.evaluate((text) => window.viewer.hold(text), text);

async function moreFrames(page: Page): Promise<void> {
  const before = await page.evaluate(() => window.viewer.frames);
  await page.waitForFunction((before) => window.viewer.frames > before + 10, before, { timeout: 10_000 });
}

kvs('video decodes without a token, but nothing is obeyed', async (context) => {
  const { robot } = context;
  const page = await openViewer(context, 'watcher');
  await hold(page, FORWARD);
  const refusal = await expectMessage(page, 'token_missing');
  assert.match(JSON.stringify(refusal), /Expected.*token.*before anything else/);
  await moreFrames(page);
  const state = await robot.state();
  assert.equal([state.operator, stands(state)], [null, true]);
  assert.equal([state.kvs?.state, state.kvs?.viewers, state.kvs?.error], ['open', 1, null]);
  await send(page, { token: 'rd_wrong' });
  await expectMessage(page, 'token_invalid');
  assert.is((await robot.state()).operator, null);
});

kvs(
  'with an operator’s token the data channel drives, and the robot stops when it falls silent',
  async (context) => {
    const { robot } = context;
    const page = await openViewer(context, 'driver');
    await send(page, { token: context.operatorToken });
    const greeting = await expectMessage(page, '"hello"');
    assert.ok('hello' in greeting);
    assert.equal([greeting.hello.you.name, greeting.hello.you.role], ['Ada', 'operator']);
    assert.equal(greeting.hello.iceServers, []);
    await expectMessage(page, '"state"');
    await send(page, { ping: { t: 42 } });
    assert.match(JSON.stringify(await expectMessage(page, '"pong"')), /"t":42/);

    await hold(page, FORWARD);
    const driving = await untilState(robot, 'driven', drives);
    assert.equal([driving.operator?.name, driving.operator?.link], ['Ada', 'cloud']);
    await hold(page, null);
    const silent = await untilState(robot, 'stopped by the watchdog', stands);
    assert.ok(silent.reasons.some(({ code }) => code === 'watchdog'));

    await hold(page, FORWARD);
    await untilState(robot, 'driven again', drives);
    await hold(page, null);
    await send(page, { action: 'stop' });
    await untilState(robot, 'stopped by word', stands);

    await hold(page, FORWARD);
    await untilState(robot, 'driven once more', drives);
    await page.evaluate(() => window.viewer.peer.close());
    await untilState(robot, 'stopped with the end of the link', (state) => stands(state) && !state.operator);
  },
);

kvs('a viewer’s token lets stop, not drive', async (context) => {
  const { robot } = context;
  const page = await openViewer(context, 'bystander');
  await send(page, { token: context.viewerToken });
  await expectMessage(page, '"hello"');
  await send(page, { drive: { linear: 0.5, angular: 0 } });
  await expectMessage(page, 'not_allowed');
  await send(page, { estop: true });
  await untilState(robot, 'emergency stop', ({ estop }) => estop);
  await robot.publish({ reset: true });
});

kvs('a page that is loaded again is served again, and has to show its token again', async (context) => {
  const { robot, service } = context;
  const page = await openViewer(context, 'same');
  await send(page, { token: context.operatorToken });
  await expectMessage(page, '"hello"');
  await hold(page, FORWARD);
  await untilState(robot, 'driven', drives);
  await page.reload();
  await start(page, service, 'same');
  await untilState(robot, 'stopped, without operator', (state) => stands(state) && !state.operator);
  assert.is((await robot.state()).kvs?.viewers, 1, 'the old session is gone');
  await send(page, { drive: { linear: 0.5, angular: 0 } });
  await expectMessage(page, 'token_missing');
  await send(page, { token: context.operatorToken });
  await expectMessage(page, '"hello"');
  await hold(page, FORWARD);
  await untilState(robot, 'driven again', drives);
});

kvs(
  'video and driving go on while the robot’s socket is replaced or lost, and others can join afterwards',
  async (context) => {
    const { robot, service } = context;
    const page = await openViewer(context, 'steady');
    await send(page, { token: context.operatorToken });
    await expectMessage(page, '"hello"');
    await hold(page, '{"drive":{"linear":0,"angular":0.3}}');
    await untilState(robot, 'driven', drives);

    const before = service.masterConnections;
    service.tellMaster('GO_AWAY');
    await until(() => service.masterConnections === before + 1, 'a new socket after GO_AWAY', 10_000);
    await moreFrames(page);
    service.dropMaster();
    await until(() => service.masterConnections === before + 2, 'a new socket after the loss', 10_000);
    await moreFrames(page);
    const state = await robot.state();
    assert.equal([drives(state), state.operator?.name], [true, 'Ada'], 'still driven by the same operator');
    assert.equal(await page.evaluate(() => [window.viewer.offers, window.viewer.peer.connectionState]), [
      1,
      'connected',
    ]);

    const other = await openViewer(context, 'latecomer');
    await moreFrames(other);
    await moreFrames(page);
    assert.is((await robot.state()).kvs?.viewers, 2);
  },
);

kvs.run();
