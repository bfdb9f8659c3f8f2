import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadConfig } from '../../config/load.ts';
import { CommandLineError } from '../../firmware/cli/exit.ts';
import { amazonRoot } from '../../firmware/cli/provision/keys.ts';
import { type ProvisionArguments, provisionRobot } from '../../firmware/cli/provision/provision.ts';
import { type Authority, createAuthority } from '../cloud-link/certificates.ts';
import { IOT_REGION, IotService, OPERATOR_KEYS } from '../cloud-link/iot-service.ts';
import { Roverd } from './roverd.ts';

interface Outcome {
  readonly lines: string[];
  readonly error: CommandLineError | null;
}

interface Context {
  authority: Authority;
  service: IotService;
  folder: string;
  /** `/etc/roverd` of the test. */
  dir: string;
  caFile: string;
  run(change?: Partial<ProvisionArguments>): Promise<Outcome>;
}

const provision = suite<Context>('roverd provision');

const ENVIRONMENT = {
  AWS_ACCESS_KEY_ID: OPERATOR_KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: OPERATOR_KEYS.secretAccessKey,
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_REGION: '',
};

provision.before(async (context) => {
  context.authority = await createAuthority();
});
provision.before.each(async (context) => {
  Object.assign(process.env, ENVIRONMENT);
  context.service = await IotService.start(context.authority);
  context.folder = mkdtempSync(join(tmpdir(), 'roverd-provision-'));
  context.dir = join(context.folder, 'etc');
  context.caFile = join(context.folder, 'ca.pem');
  writeFileSync(context.caFile, context.authority.ca);
  context.run = async (change = {}) => {
    const lines: string[] = [];
    const options = {
      region: IOT_REGION,
      dir: context.dir,
      endpointUrl: context.service.url,
      ca: context.caFile,
      wait: 1,
      ...change,
    };
    try {
      await provisionRobot('rover', options, (line) => lines.push(line));
      return { lines, error: null };
    } catch (error) {
      if (!(error instanceof CommandLineError)) throw error;
      return { lines, error };
    }
  };
});
provision.after.each(async ({ service, folder }) => {
  assert.equal(
    service.bodies.filter((body) => body.includes('PRIVATE KEY')),
    [],
    'no private key was sent',
  );
  await service.close();
  rmSync(folder, { recursive: true });
});

const read = ({ dir }: Context, name: string) => readFileSync(join(dir, name), 'utf8');
const config = (context: Context) =>
  JSON.parse(read(context, 'config.json')) as Record<string, Record<string, unknown>>;
const ok = ({ error }: Outcome) => assert.is(error?.message, undefined);
const text = ({ lines }: Outcome) => `${lines.join('\n')}\n`;
const refusal = ({ error }: Outcome) => error?.message ?? 'no error';

/** Every file with its content and the time it was written. */
function snapshot({ dir }: Context): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path).isFile())
    .map(
      (path) =>
        `${path} ${statSync(path).mtimeMs} ${statSync(path).mode.toString(8)} ${readFileSync(path, 'utf8')}`,
    );
}

provision(
  'makes everything, checks that it connects, and says so; the robot can run on it',
  async (context) => {
    const { service, run, dir } = context;
    service.deploy('rover', { thing: false });
    // As while an attachment spreads through AWS.
    service.refuseFirst = 1;
    const outcome = await run();
    ok(outcome);
    const [id = ''] = service.certificates.keys();
    const certificate = service.certificates.get(id)!;
    assert.equal(
      [certificate.status, [...certificate.policies], [...certificate.things]],
      ['ACTIVE', ['roverPolicy'], ['rover']],
    );
    assert.equal(text(outcome).replaceAll(dir, 'DIR').replaceAll(id.slice(0, 12), 'ID').split('\n'), [
      'made     thing rover',
      `wrote    DIR/certs/cacert.pem: ${context.caFile}`,
      'made     private key DIR/certs/private.pem.key (P-256); it stays on this machine',
      'made     certificate ID, signed by AWS for this key',
      'made     attachment of policy roverPolicy',
      'made     attachment to thing rover',
      'wrote    DIR/config.json',
      `checked  MQTT to ${service.dataEndpoint}`,
      'checked  credentials by role alias robots-camera',
      'checked  rover may connect. roverd run, or systemctl restart roverd where it is installed',
      '',
    ]);
    assert.equal(service.connected, ['rover']);
    for (const name of [
      'config.json',
      'certs/certificate.pem',
      'certs/private.pem.key',
      'certs/cacert.pem',
    ]) {
      assert.is(statSync(join(dir, name)).mode & 0o777, 0o600, name);
    }
    assert.is(statSync(join(dir, 'certs')).mode & 0o777, 0o700);
    const key = createPrivateKey(read(context, 'certs/private.pem.key'));
    assert.is(key.asymmetricKeyDetails?.namedCurve, 'prime256v1');
    const x509 = new X509Certificate(read(context, 'certs/certificate.pem'));
    assert.equal([x509.subject, x509.checkPrivateKey(key)], ['CN=rover', true]);

    const loaded = loadConfig({ file: join(dir, 'config.json') }).config;
    assert.equal(
      [loaded.robot.name, loaded.cloud.thingName, loaded.cloud.endpoint, loaded.cloud.credentialsEndpoint],
      ['rover', 'rover', service.dataEndpoint, service.credentialsEndpoint],
    );
    assert.equal(
      [loaded.cloud.roleAlias, loaded.cloud.region, loaded.cloud.topics],
      ['robots-camera', IOT_REGION, 'all'],
    );
    assert.equal(
      [loaded.cloud.certificate, loaded.cloud.ca],
      [join(dir, 'certs/certificate.pem'), join(dir, 'certs/cacert.pem')],
    );
  },
);

provision(
  'running it again changes nothing, neither here nor there, and cuts no running robot off',
  async (context) => {
    const { service, run } = context;
    service.deploy('rover');
    ok(await run());
    const before = snapshot(context);
    const connected = service.connected.length;
    service.calls.length = 0;
    const again = await run();
    ok(again);
    assert.equal(snapshot(context), before);
    assert.equal(
      service.calls.filter((call) => !/^(GET|POST \/attached-policies)/.test(call)),
      [],
      'only questions were asked',
    );
    assert.is(service.connected.length, connected, 'no connection under the robot’s name');
    assert.equal(
      again.lines.map((line) => line.split(' ')[0]),
      ['kept', 'kept', 'kept', 'checked'],
    );
  },
);

provision('takes up where an earlier run was cut off', async (context) => {
  const { service, run, dir } = context;
  service.deploy('rover');
  ok(await run());
  const key = read(context, 'certs/private.pem.key');
  rmSync(join(dir, 'certs/certificate.pem'));
  rmSync(join(dir, 'config.json'));
  ok(await run());
  assert.is(read(context, 'certs/private.pem.key'), key, 'the key is kept');
  assert.is(service.certificates.size, 2);

  const [, certificate] = [...service.certificates.values()];
  certificate!.policies.clear();
  certificate!.things.clear();
  const mended = await run();
  ok(mended);
  assert.match(text(mended), /made {5}attachment of policy roverPolicy\nmade {5}attachment to thing rover/);
});

provision('keeps what else is in the configuration, the original’s keys with it', async (context) => {
  const { service, run, dir } = context;
  service.deploy('rover', { roleAlias: '', status: false });
  mkdirSync(dir);
  const original = {
    IOT_THINGNAME: 'rover',
    ROLE_ALIAS: 'robot-camera-streaming-role-alias',
    AWS_DEFAULT_REGION: '',
  };
  writeFileSync(
    join(dir, 'config.json'),
    JSON.stringify({ ...original, drive: { maxRatio: 0.5 }, cloud: { port: 8883 } }),
  );
  const outcome = await run({ roleAlias: 'robot-camera-streaming-role-alias' });
  // The policy does not grant this alias.
  assert.match(refusal(outcome), /The connection does not work: .*403/);
  const content = config(context);
  assert.equal(content.drive, { maxRatio: 0.5 });
  assert.equal([content.IOT_THINGNAME, content.robot], ['rover', undefined]);
  assert.equal(
    [content.cloud?.port, content.cloud?.topics, content.cloud?.roleAlias],
    [8883, 'original', 'robot-camera-streaming-role-alias'],
  );
});

provision('without a role alias: drives by MQTT, no video in the cloud, and says so', async (context) => {
  const { service, run } = context;
  service.deploy('rover', { roleAlias: '' });
  const outcome = await run();
  ok(outcome);
  assert.match(text(outcome), /video in the cloud off: the policy names no role alias/);
  assert.is(config(context).cloud?.credentialsEndpoint, undefined);
});

provision('--rotate: another key and certificate work before the old ones go', async (context) => {
  const { service, run } = context;
  service.deploy('rover');
  ok(await run());
  const [oldId = ''] = service.certificates.keys();
  const oldKey = read(context, 'certs/private.pem.key');
  service.calls.length = 0;
  const outcome = await run({ rotate: true });
  ok(outcome);
  assert.is(service.certificates.size, 1);
  assert.not.ok(service.certificates.has(oldId));
  assert.is.not(read(context, 'certs/private.pem.key'), oldKey);
  const x509 = new X509Certificate(read(context, 'certs/certificate.pem'));
  assert.ok(x509.checkPrivateKey(createPrivateKey(read(context, 'certs/private.pem.key'))));
  assert.equal(service.calls.slice(-2), ['PUT /certificates/<id>', 'DELETE /certificates/<id>']);
  assert.match(text(outcome), /removed +certificate [0-9a-f]{12} from AWS/);
  ok(await run());
});

provision('--rotate that does not connect leaves everything as it was', async (context) => {
  const { service, run } = context;
  service.deploy('rover');
  ok(await run());
  const before = snapshot(context);
  const ids = [...service.certificates.keys()];
  service.policies.set('roverPolicy', service.policies.get('roverPolicy')!.replace('robots-camera', 'other'));
  const outcome = await run({ rotate: true, roleAlias: 'robots-camera' });
  assert.match(refusal(outcome), /The connection does not work/);
  assert.equal([...service.certificates.keys()], ids);
  assert.equal(snapshot(context), before);
});

provision('--remove: nothing is left of it, and once more is no error', async (context) => {
  const { service, run, dir } = context;
  service.deploy('rover', { thing: false });
  ok(await run());
  const outcome = await run({ remove: true });
  ok(outcome);
  assert.equal([service.certificates.size, service.things.size, service.policies.size], [0, 0, 1]);
  assert.equal(readdirSync(join(dir, 'certs')), []);
  assert.equal(config(context), { robot: { name: 'rover' } });
  assert.match(text(outcome), /removed +certificate .*\nremoved +thing rover\n/);
  const again = await run({ remove: true });
  ok(again);
  assert.equal(again.lines, []);
});

provision('--remove leaves the thing that a stack has made', async (context) => {
  const { service, run } = context;
  service.deploy('rover');
  ok(await run());
  ok(await run({ remove: true }));
  assert.equal([...service.things.keys()], ['rover']);
});

provision('says what is missing: the stack, the right, the credentials, the network', async (context) => {
  const { service, run, dir } = context;
  assert.match(
    refusal(await run()),
    /There is no IoT policy roverPolicy in eu-central-1\. Deploy the robot's stack/,
  );
  assert.equal(service.things.size + service.certificates.size, 0, 'nothing was made');
  process.env.AWS_ACCESS_KEY_ID = 'AKIASTRANGER';
  assert.match(refusal(await run()), /AWS IoT in eu-central-1 answered UnrecognizedClientException/);
  process.env.AWS_ACCESS_KEY_ID = '';
  assert.match(refusal(await run()), /There are no AWS credentials in this shell/);
  process.env.AWS_ACCESS_KEY_ID = OPERATOR_KEYS.accessKeyId;
  assert.match(refusal(await run({ endpointUrl: 'http://127.0.0.1:9' })), /can't be reached/);
  assert.equal(readdirSync(join(dir, 'certs')), []);
});

provision('certificates that AWS does not know, or that do not fit, are not used', async (context) => {
  const { service, run, dir, authority } = context;
  service.deploy('rover');
  const foreign = await authority.issue('rover');
  mkdirSync(join(dir, 'certs'), { recursive: true });
  writeFileSync(join(dir, 'certs/certificate.pem'), foreign.certificate);
  writeFileSync(join(dir, 'certs/private.pem.key'), foreign.privateKey);
  const unknown = await run();
  assert.match(
    refusal(unknown),
    /AWS does not know the certificate in .* --rotate puts another in its place/,
  );
  writeFileSync(join(dir, 'certs/private.pem.key'), (await authority.issue('rover')).privateKey);
  assert.match(refusal(await run()), /was made for another key/);
  ok(await run({ rotate: true }));
  const [certificate] = service.certificates.values();
  certificate!.status = 'INACTIVE';
  assert.match(refusal(await run()), /was made inactive/);
});

provision('a folder that can’t be written is told before anything is asked', async (context) => {
  const { service, run, caFile } = context;
  assert.match(refusal(await run({ dir: join(caFile, 'etc') })), /Can't write to .*sudo -E/);
  assert.equal(service.calls, []);
});

provision('as a program: does it, says it, ends; wrong usage is told', async ({ service, caFile, dir }) => {
  service.deploy('rover');
  const roverd = new Roverd();
  try {
    await roverd.build();
    const place = ['--dir', dir, '--endpoint-url', service.url];
    const robot = ['provision', 'rover', '--region', IOT_REGION, ...place, '--ca', caFile];
    const outcome = await roverd.run(robot, ENVIRONMENT);
    assert.is(outcome.exitCode, 0, outcome.stderr);
    assert.match(outcome.stdout, /^checked {2}MQTT to localhost:\d+$/m);
    const name = await roverd.run(['provision', 'my robot', '--region', IOT_REGION, ...place]);
    assert.equal([name.exitCode, /letters, digits, _ or -/.test(name.stderr)], [2, true]);
    const region = await roverd.run(['provision', 'rover', ...place]);
    assert.equal([region.exitCode, /Expected --region/.test(region.stderr)], [2, true]);
    assert.is((await roverd.run([...robot, '--rotate', '--remove'])).exitCode, 2);
  } finally {
    roverd.clean();
  }
});

provision('Amazon Root CA 1 is at hand without a network', () => {
  const root = new X509Certificate(amazonRoot() ?? '');
  assert.match(root.subject, /CN=Amazon Root CA 1/);
  assert.ok(root.ca);
});

provision.run();
