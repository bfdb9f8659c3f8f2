import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Page } from 'playwright-core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createAuthorizer } from '../../../cloud/robot/authorize.lambda-shared.ts';
import { OPERATOR_SCOPE, VIEWER_SCOPE } from '../../../cloud/robot/constants.ts';
import { staticPermissions } from '../../../cloud/robot/permissions.lambda-shared.ts';
import { createPublish } from '../../../cloud/robot/publish.lambda.ts';
import { createRobots } from '../../../cloud/robot/robots.lambda.ts';
import { createViewer } from '../../../cloud/robot/viewer.lambda.ts';
import type { RobotState } from '../../../firmware/teleop/wire.ts';
import { launchBrowser, type TestBrowser } from '../../browser.ts';
import { KvsService, REGION, ROLE_ALIAS } from '../../cloud-link/kvs-service.ts';
import { drives, stands, untilState } from '../../page/cockpit.ts';
import { PATIENT, type RobotProcess, startProcess } from '../../robot-process.ts';
import { KEYS } from '../broker-endpoint.ts';
import { startDynamo } from '../dynamo.ts';
import { ofType, synthesize } from '../synthesized.ts';
import { startIotCore } from './iot-core.ts';
import { startLocalApi } from './local-api.ts';
import { AUDIENCE, CLIENT_ID, startOidcProvider } from './oidc-provider.ts';
import { startSite } from './site.ts';

const THING = 'rover';
const NAMES = `${THING},second`;

/** The robot checks a token within this. */
const AFTER_RENEWAL_MS = 500;

// The functions meet services with certificates of an authority made here; a bundle in Lambda has AWS's.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';

async function setUp() {
  const folder = mkdtempSync(join(tmpdir(), 'roverd-cloud-page-'));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const iot = await startIotCore([THING]);
  const { authority } = iot;
  const identity = await authority.issue(THING);
  const [service, idp, dynamo, site] = await Promise.all([
    KvsService.start(authority),
    startOidcProvider(),
    startDynamo(),
    startSite(),
  ]);
  service.register(THING, identity);
  const robot = await startProcess({
    stateDir: join(folder, 'state'),
    settings: {
      ...PATIENT,
      'cloud.endpoint': iot.mqtt,
      'cloud.thingName': THING,
      'cloud.region': REGION,
      'cloud.roleAlias': ROLE_ALIAS,
      'cloud.credentialsEndpoint': service.credentialsEndpoint,
      'cloud.kvsEndpoint': service.endpoint,
      'cloud.certificate': file('certificate.pem', identity.certificate),
      'cloud.privateKey': file('private.pem.key', identity.privateKey),
      'cloud.ca': file('cacert.pem', authority.ca),
      'cloud.tokenIssuer': idp.issuer,
      'cloud.tokenAudience': AUDIENCE,
    },
  });
  const [, presence] = ofType(synthesize('roverd-robot'), 'AWS::DynamoDB::Table').find(([name]) =>
    name.includes('Presence'),
  )!;
  await dynamo.create('presence', presence);
  await dynamo.client.send(
    new PutItemCommand({
      TableName: 'presence',
      Item: {
        robot: { S: THING },
        kind: { S: 'connected' },
        at: { N: `${Date.now()}` },
        sessionIdentifier: { S: 'a' },
      },
    }),
  );
  const common = { ROBOTS: NAMES, ORIGINS: site.origin };
  const viewerKeys = service.viewerKeys(THING);
  const api = await startLocalApi(site.origin, {
    authorizer: createAuthorizer(
      { ISSUER: idp.issuer, AUDIENCE, AUDIENCE_CLAIM: 'aud', JWKS_URI: idp.jwksUri },
      async () => staticPermissions(OPERATOR_SCOPE, VIEWER_SCOPE),
    ),
    robots: createRobots({ ...common, PRESENCE_TABLE: 'presence' }, dynamo.client),
    viewer: createViewer({
      ...common,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: viewerKeys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: viewerKeys.secretAccessKey,
      AWS_SESSION_TOKEN: viewerKeys.sessionToken,
      KVS_ENDPOINT: `https://${service.endpoint}`,
    }),
    publish: createPublish({ ...common, ...KEYS, IOT_ENDPOINT: iot.url }),
  });
  const { origin: apiOrigin } = new URL(api.url);
  site.configure({
    connect: [apiOrigin, idp.issuer, service.wssEndpoint],
    settings: {
      issuer: idp.issuer,
      clientId: CLIENT_ID,
      scope: `openid offline_access ${OPERATOR_SCOPE} ${VIEWER_SCOPE}`,
      apiUrl: api.url,
      signOutUrl: null,
    },
  });
  const chromium = await launchBrowser(['--ignore-certificate-errors']);
  return { folder, service, idp, iot, dynamo, site, robot, api, chromium };
}

type Context = Awaited<ReturnType<typeof setUp>> & { chromium: TestBrowser; robot: RobotProcess };
const pages = suite<Context>('the page in the cloud');

pages.before(async (context) => {
  Object.assign(context, await setUp());
});
pages.after(async ({ chromium, robot, service, idp, iot, dynamo, site, api, folder }) => {
  await chromium.close();
  assert.is(await robot.end(), 0, 'the robot ends in good order');
  assert.equal(service.violations, []);
  await Promise.all([service.close(), idp.close(), iot.close(), dynamo.close(), site.close(), api.close()]);
  rmSync(folder, { recursive: true, force: true });
});
pages.before.each(async ({ robot, service, idp, chromium }) => {
  for (const left of chromium.browser.contexts()) {
    for (const page of left.pages()) await page.goto('about:blank');
    await left.close();
  }
  service.settings.refusals.clear();
  Object.assign(idp.settings, { lifeS: 600, refresh: true });
  await robot.publish({ action: 'stop' });
  await untilState(robot, 'at rest', (state) => !state.operator && stands(state), 15_000);
});

/** What any document of the test did against its policy, or threw. */
const faults: string[] = [];

function onPage(name: string, use: (context: Context) => Promise<void>): void {
  pages(name, async (context) => {
    faults.length = 0;
    await use(context).catch((error: Error) => {
      throw new Error(`${error.message}\n${faults.join('\n')}`, { cause: error });
    });
    assert.equal(faults, []);
  });
}

/** A browser that nobody has signed in with. */
async function openSite({ chromium, site }: Context): Promise<Page> {
  const page = await (await chromium.browser.newContext()).newPage();
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (/Content Security Policy|Trusted ?(Types|Script|HTML)/i.test(message.text()))
      faults.push(message.text());
  });
  await page.goto(site.origin);
  return page;
}

async function signIn(page: Page): Promise<void> {
  await page.click('#sign-in-start');
  await page.waitForSelector('#robot-list button');
}

/**
 * Presses a key until the robot drives. On a busy machine its program may stand still for a moment, after which a
 * held control has to be let go: then it is pressed anew.
 */
async function hold(page: Page, robot: RobotProcess, key: string): Promise<RobotState> {
  const interlocked = ({ reasons }: RobotState) => reasons.some(({ code }) => code === 'release_first');
  const answered = (state: RobotState) => drives(state) || interlocked(state);
  for (let tries = 3; ; tries--) {
    await page.keyboard.down(key);
    const state = await untilState(robot, `driven by ${key}`, answered, 10_000);
    if (drives(state) || tries === 1) return state;
    await page.keyboard.up(key);
    await untilState(robot, 'let go', (one) => !interlocked(one));
  }
}

const untilDriving = (page: Page) =>
  page.waitForFunction(
    () => window.roverd.stats.frames > 5 && window.roverd.connection.transport === 'channel',
    null,
    { timeout: 15_000 },
  );

onPage('signs in, shows who is there, and drives a robot by its data channel', async (context) => {
  const { robot, idp } = context;
  const page = await openSite(context);
  await signIn(page);
  assert.is(new URL(page.url()).search, '', 'the code does not stay in the address');
  const rows = await page.locator('#robot-list li').allInnerTexts();
  assert.match(rows[0]!, /rover\s+Online since/);
  assert.match(rows[1]!, /second\s+Never seen/);
  await page.click(`#robot-list [data-name="${THING}"] button`);
  await untilDriving(page);
  assert.is(await page.textContent('#robot'), (await robot.state()).name);

  const state = await hold(page, robot, 'w');
  assert.ok(drives(state));
  assert.equal([state.operator?.name, state.operator?.link], ['Zoë', 'cloud']);
  const sent = await page.evaluate(() => window.roverd.stats.sentBy);
  assert.ok(sent.channel > 0 && sent.socket === 0, JSON.stringify(sent));
  await page.keyboard.up('w');
  await untilState(robot, 'stopped by word', stands);
  await page.keyboard.press('Space');
  await untilState(robot, 'emergency stop', ({ estop }) => estop);
  await page.click('#reset');
  await untilState(robot, 'reset', ({ estop }) => !estop);

  await page.reload();
  await untilDriving(page);
  assert.is(idp.counts.codes, 1, 'still signed in, and the robot remembered');
  assert.ok(drives(await hold(page, robot, 'ArrowUp')), 'driven after a reload');
  await page.keyboard.up('ArrowUp');
  await page.click('#other-robot');
  await page.waitForSelector('#robot-list button');
  await page.focus('#sign-out');
  await page.keyboard.press('Space');
  await page.waitForSelector('#sign-in-start');
  assert.ok(idp.counts.revoked > 0, 'the tokens are worth nothing any more');
});

onPage('a token that is about to end is renewed while driving goes on', async (context) => {
  const { robot, idp } = context;
  idp.settings.lifeS = 64;
  const page = await openSite(context);
  await signIn(page);
  await page.click(`#robot-list [data-name="${THING}"] button`);
  await untilDriving(page);
  // A robot whose program stood still meanwhile has stopped for that: then it is tried with the next token.
  for (let tries = 3; ; tries--) {
    const before = idp.counts.refreshes;
    const { counters } = await hold(page, robot, 'a');
    let stood = 0;
    const renewed = (state: RobotState) => {
      if (stands(state)) stood += 1;
      return idp.counts.refreshes > before;
    };
    await untilState(robot, 'a token is renewed', renewed, 15_000);
    const untilMs = performance.now() + AFTER_RENEWAL_MS;
    const last = await untilState(
      robot,
      'the robot has it',
      (state) => renewed(state) && performance.now() > untilMs,
    );
    await page.keyboard.up('a');
    if (last.counters.stallStops !== counters.stallStops && tries > 1) continue;
    assert.is(stood, 0, 'not once did it stop');
    break;
  }
});

onPage('without a data channel it drives by messages, and says so', async (context) => {
  const { robot, service, iot } = context;
  service.settings.refusals.set('socket', { status: 403, type: 'AccessDeniedException', message: 'no' });
  const page = await openSite(context);
  await signIn(page);
  await page.click(`#robot-list [data-name="${THING}"] button`);
  await page.waitForFunction(() => window.roverd.connection.phase === 'oneWay', null, { timeout: 10_000 });
  await page.waitForFunction(() =>
    /by messages through the cloud: slower/.test(document.querySelector('#situation')!.textContent!),
  );
  const state = await hold(page, robot, 'w');
  assert.ok(drives(state), 'driven by messages');
  assert.equal([state.operator?.name, state.operator?.link], ['Zoë', 'cloud']);
  await page.keyboard.up('w');
  await untilState(robot, 'stopped by a message', stands);
  await page.keyboard.press('Space');
  await untilState(robot, 'emergency stop by message', ({ estop }) => estop);
  await robot.publish({ reset: true });
  assert.ok(iot.taken.every(({ verdict }) => verdict.ok));
  service.settings.refusals.clear();
  await untilDriving(page);
});

onPage('a sign-in that ends and is not renewed is said, and the robot stops', async (context) => {
  const { robot, idp } = context;
  Object.assign(idp.settings, { lifeS: 8, refresh: false });
  const page = await openSite(context);
  await signIn(page);
  await page.click(`#robot-list [data-name="${THING}"] button`);
  await untilDriving(page);
  assert.ok(drives(await hold(page, robot, 'w')));
  await page.waitForSelector('#sign-in-error:not([hidden])', { timeout: 20_000 });
  assert.match((await page.textContent('#sign-in-error')) ?? '', /sign-in has ended/);
  await untilState(robot, 'stopped, without operator', (state) => stands(state) && !state.operator);
});

pages.run();
