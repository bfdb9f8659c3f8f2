import { readFileSync } from 'node:fs';
import type { Identity } from '../../cloud-link/identity.ts';
import { CommandLineError, EXIT } from '../exit.ts';
import type { IotAccount } from './aws-iot.ts';
import { type ConnectionTarget, checkCredentials, checkMqtt } from './connection.ts';
import { amazonRoot, certificateId, createKey, createRequest, fitTogether } from './keys.ts';
import { readPolicy } from './policy.ts';
import type { ThingFiles } from './thing-files.ts';

export interface ProvisionContext {
  /** Of the robot: its thing, and the first part of its topics. */
  readonly name: string;
  readonly region: string;
  readonly account: IotAccount;
  readonly files: ThingFiles;
  /** Instead of what the policy names. */
  readonly roleAlias: string | undefined;
  /** A PEM file with the endpoints' authority, instead of Amazon's. */
  readonly caFile: string | undefined;
  readonly patienceMs: number;
  /** One line: what was done, or found as it should be. */
  readonly say: (verb: 'made' | 'kept' | 'wrote' | 'removed' | 'checked', what: string) => void;
}

interface Target extends ConnectionTarget {
  readonly policy: string;
  readonly topics: 'all' | 'original';
}

const CERTIFICATE = 'certs/certificate.pem';
const PRIVATE_KEY = 'certs/private.pem.key';
const CA = 'certs/cacert.pem';

/** Makes what is missing of a robot's place in AWS, keeps what is there, and checks that it connects. */
export async function provision(context: ProvisionContext): Promise<void> {
  const { account, files, name, say } = context;
  const target = await survey(context);
  const ca = await provideCa(context);
  const privateKey = files.read(PRIVATE_KEY) ?? (await makeKey(context));
  let certificate = files.read(CERTIFICATE);
  let changed = false;
  let arn: string;
  if (certificate === null) {
    const made = await account.sign(await request(context, privateKey));
    certificate = made.pem;
    arn = made.arn;
    files.write(CERTIFICATE, made.pem);
    say('made', `certificate ${short(made.id)}, signed by AWS for this key`);
    changed = true;
  } else {
    arn = await keptCertificate(context, certificate, privateKey);
  }
  changed = (await attach(context, target, arn)) || changed;
  writeConfig(context, target);
  await check(context, target, { certificate, privateKey, ca }, changed);
  if (changed)
    say('checked', `${name} may connect. roverd run, or systemctl restart roverd where it is installed`);
}

/** Puts another key and certificate in the place of those there are, once they are known to work. */
export async function rotate(context: ProvisionContext): Promise<void> {
  const { account, files, say } = context;
  const before = files.read(CERTIFICATE);
  if (before === null) return provision(context);
  const target = await survey(context);
  const ca = await provideCa(context);
  const privateKey = await createKey();
  const made = await account.sign(await request(context, privateKey));
  say('made', `certificate ${short(made.id)} for a key made here`);
  try {
    await attach(context, target, made.arn);
    await check(context, target, { certificate: made.pem, privateKey, ca }, true);
  } catch (error) {
    await discard(context, made.id, made.arn);
    throw error;
  }
  files.write(PRIVATE_KEY, privateKey);
  files.write(CERTIFICATE, made.pem);
  say('wrote', `${files.path(CERTIFICATE)} and its key`);
  writeConfig(context, target);
  const id = certificateId(before);
  const old = await account.certificate(id);
  if (old && id !== made.id) await discard(context, id, old.arn);
  say('checked', 'the new certificate connects; restart the robot to use it (systemctl restart roverd)');
}

/** Takes the robot's certificate out of AWS and off this machine. What a stack has made stays. */
export async function remove(context: ProvisionContext): Promise<void> {
  const { account, files, name, say } = context;
  const certificate = files.read(CERTIFICATE);
  const id = certificate === null ? null : certificateId(certificate);
  const known = id === null ? null : await account.certificate(id);
  if (id !== null && known) await discard(context, id, known.arn);
  const thing = await account.thing(name);
  if (thing?.madeHere && (await account.principals(name)).length === 0) {
    await account.deleteThing(name);
    say('removed', `thing ${name}`);
  } else if (thing) {
    say('kept', `thing ${name}: it is not from here, or has other certificates`);
  }
  for (const file of [CERTIFICATE, PRIVATE_KEY, CA] as const) {
    if (files.remove(file)) say('removed', files.path(file));
  }
  const { cloud, ...rest } = files.readConfig();
  if (cloud !== undefined && files.writeConfig(rest)) {
    say('removed', `the section cloud of ${files.path('config.json')}`);
  }
}

/** What has to be there before anything is made. */
async function survey(context: ProvisionContext): Promise<Target> {
  const { account, name, region, say } = context;
  const policy = `${name}Policy`;
  const document = await account.policy(policy);
  if (document === null) {
    const message = `There is no IoT policy ${policy} in ${region}. Deploy the robot's stack with this name first (cloud/robot/README.md, or aws-serverless-telepresence-robot with RobotName=${name}).`;
    throw new CommandLineError(EXIT.failed, message);
  }
  const facts = readPolicy(document, name);
  const roleAlias = context.roleAlias ?? facts.roleAlias;
  if (roleAlias === '') {
    say('kept', 'video in the cloud off: the policy names no role alias. --role-alias gives one');
  }
  if (await account.thing(name)) say('kept', `thing ${name}`);
  else {
    await account.createThing(name);
    say('made', `thing ${name}`);
  }
  const dataEndpoint = await account.dataEndpoint();
  const credentialsEndpoint = await account.credentialsEndpoint();
  const { patienceMs } = context;
  return {
    thing: name,
    policy,
    topics: facts.topics,
    roleAlias,
    dataEndpoint,
    credentialsEndpoint,
    patienceMs,
  };
}

async function provideCa({ files, caFile, say }: ProvisionContext): Promise<string> {
  const there = files.read(CA);
  if (there !== null && caFile === undefined) return there;
  const given = caFile === undefined ? amazonRoot() : readFile(caFile);
  if (given === null) {
    const message =
      'Node does not know Amazon Root CA 1. Give it by --ca FILE (from www.amazontrust.com/repository).';
    throw new CommandLineError(EXIT.failed, message);
  }
  if (given !== there) {
    files.write(CA, given);
    say('wrote', `${files.path(CA)}: ${caFile ?? 'Amazon Root CA 1'}`);
  }
  return given;
}

async function makeKey({ files, say }: ProvisionContext): Promise<string> {
  const key = await createKey();
  files.write(PRIVATE_KEY, key);
  say('made', `private key ${files.path(PRIVATE_KEY)} (P-256); it stays on this machine`);
  return key;
}

async function request({ name, files }: ProvisionContext, privateKey: string): Promise<string> {
  try {
    return await createRequest(privateKey, name);
  } catch (cause) {
    const message = `Can't use the key in ${files.path(PRIVATE_KEY)}, which has no certificate. Move it away, then try again.`;
    throw new CommandLineError(EXIT.failed, message, { cause });
  }
}

/** Those there are have to fit together, and AWS has to know them. */
async function keptCertificate(
  { account, files, region, say }: ProvisionContext,
  certificate: string,
  privateKey: string,
): Promise<string> {
  const where = files.path(CERTIFICATE);
  const refuse = (what: string) =>
    new CommandLineError(EXIT.failed, `${what} --rotate puts another in its place.`);
  let fits: boolean;
  try {
    fits = fitTogether(certificate, privateKey);
  } catch (cause) {
    const message = `Can't read certificate and key in ${files.folder}: ${(cause as Error).message}`;
    throw new CommandLineError(EXIT.failed, message, { cause });
  }
  if (!fits) throw refuse(`The certificate in ${where} was made for another key.`);
  const id = certificateId(certificate);
  const known = await account.certificate(id);
  if (!known) throw refuse(`AWS does not know the certificate in ${where} in this account and ${region}.`);
  if (!known.active) throw refuse(`The certificate in ${where} was made inactive.`);
  say('kept', `certificate ${short(id)} and its key`);
  return known.arn;
}

/** @returns whether anything was missing */
async function attach(
  { account, name, say }: ProvisionContext,
  { policy }: Target,
  arn: string,
): Promise<boolean> {
  let changed = false;
  if (!(await account.attachedPolicies(arn)).includes(policy)) {
    await account.attachPolicy(policy, arn);
    say('made', `attachment of policy ${policy}`);
    changed = true;
  }
  if (!(await account.principals(name)).includes(arn)) {
    await account.attachThing(name, arn);
    say('made', `attachment to thing ${name}`);
    changed = true;
  }
  return changed;
}

function writeConfig({ name, region, files, say }: ProvisionContext, target: Target): void {
  const content = files.readConfig();
  const robot = sectionOf(content.robot);
  const cloud = sectionOf(content.cloud);
  const written = files.writeConfig({
    ...content,
    // The original's own name for it serves as well.
    ...(robot.name === undefined && content.IOT_THINGNAME === undefined ? { robot: { ...robot, name } } : {}),
    cloud: {
      ...cloud,
      endpoint: target.dataEndpoint,
      thingName: name,
      topics: target.topics,
      region,
      ...(target.roleAlias === ''
        ? {}
        : { credentialsEndpoint: target.credentialsEndpoint, roleAlias: target.roleAlias }),
    },
  });
  say(written ? 'wrote' : 'kept', files.path('config.json'));
}

/** A robot that runs is not to be cut off by a check that changes nothing: the same client id would. */
async function check(
  { say }: ProvisionContext,
  target: Target,
  identity: Identity,
  changed: boolean,
): Promise<void> {
  try {
    if (changed || target.roleAlias === '') {
      await checkMqtt(identity, target);
      say('checked', `MQTT to ${target.dataEndpoint}`);
    }
    if (target.roleAlias !== '') {
      await checkCredentials(identity, target);
      say('checked', `credentials by role alias ${target.roleAlias}`);
    }
  } catch (cause) {
    throw new CommandLineError(EXIT.failed, `The connection does not work: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Takes a certificate out of use, with all that it is attached to. */
async function discard({ account, name, say }: ProvisionContext, id: string, arn: string): Promise<void> {
  for (const policy of await account.attachedPolicies(arn)) await account.detachPolicy(policy, arn);
  if ((await account.thing(name)) && (await account.principals(name)).includes(arn)) {
    await account.detachThing(name, arn);
  }
  await account.deleteCertificate(id);
  say('removed', `certificate ${short(id)} from AWS`);
}

function readFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CommandLineError(EXIT.failed, `Can't read --ca ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function sectionOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** As much of an id as people compare. */
function short(id: string): string {
  return id.slice(0, 12);
}
