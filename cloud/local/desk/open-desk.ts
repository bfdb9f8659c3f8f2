import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UserPools } from '../cognito/user-pools.ts';
import { Comprehend } from '../comprehend/comprehend.ts';
import { Tables } from '../dynamodb/tables.ts';
import { EventSourceMappings } from '../event-sources/mappings.ts';
import { openBuses } from '../events/open-buses.ts';
import { Principals } from '../iam/principals.ts';
import { createAuthority } from '../iot/certificates.ts';
import { Iot } from '../iot/iot.ts';
import { provision } from '../iot/provision.ts';
import { lambdaApi } from '../lambda/api.ts';
import { Functions } from '../lambda/functions.ts';
import { LaterInvocations } from '../lambda/later.ts';
import { LogGroups } from '../logs/log-groups.ts';
import { tablesView } from '../page/tables-view.ts';
import { Apis } from '../rest-api/apis.ts';
import { S3 } from '../s3/s3.ts';
import { openSchedules } from '../scheduler/open-schedules.ts';
import { Faults } from '../services/faults.ts';
import { Services } from '../services/services.ts';
import { Ses } from '../ses/ses.ts';
import { snsApi } from '../sns/api.ts';
import { Topics } from '../sns/topics.ts';
import { sqsApi } from '../sqs/api.ts';
import { Queues } from '../sqs/queues.ts';
import type { SynthesizedStack } from '../template/assembly.ts';
import type { Properties } from '../template/template.ts';
import { openTranscribe } from '../transcribe/open-transcribe.ts';
import { Translate } from '../translate/translate.ts';
import { Addresses } from './addresses.ts';
import { unsupportedIn } from './claims.ts';
import { createClock } from './clock.ts';
import { type Deployed, deploy } from './deploy.ts';
import type { Desk } from './desk.ts';
import { FAMILIES } from './families.ts';
import type { DeskLog } from './log.ts';
import { PLACE } from './place.ts';
import { Targets } from './targets.ts';
import { Views } from './views.ts';

export interface DeskOptions {
  /** For certificates and the broker's files. What an earlier run left there goes. */
  readonly folder: string;
  /** Of the first REST API; 0: any. */
  readonly port: number;
  readonly parameters: Readonly<Record<string, string>>;
  readonly log: DeskLog;
}

export interface OpenDesk extends Desk {
  readonly outputs: Readonly<Record<string, string>>;
  /** What was made of the stack's own template, in the template's order. */
  readonly resources: readonly MadeResource[];
  /** Configuration files for the robots of the template, by thing. */
  readonly robots: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

export interface MadeResource {
  readonly logicalId: string;
  readonly type: string;
  /** As in the template, functions and all. */
  readonly properties: Properties;
  /** What `Ref` gives. */
  readonly ref: string;
}

/**
 * Runs a stack, and what it depends on, on this machine.
 * @throws Error with everything that the desk does not support, or naming the resource that could not be made
 */
export async function openDesk(stack: SynthesizedStack, options: DeskOptions): Promise<OpenDesk> {
  const { folder, log, port, parameters } = options;
  const stacks = inOrder(stack);
  const refused = stacks.flatMap(({ template }) => unsupportedIn(template, FAMILIES));
  if (refused.length > 0) {
    throw new Error(`The desk does not support\n${refused.map((one) => `  ${one}`).join('\n')}`);
  }
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const closing: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const authority = await createAuthority();
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, authority.ca);
    const addresses = new Addresses();
    const clock = createClock();
    closing.push(async () => clock.close());
    const targets = new Targets();
    const views = new Views();
    const principals = new Principals();
    const services = await Services.start(principals, authority, log);
    closing.push(() => services.close());
    const faults = {
      dynamodb: new Faults(),
      lambda: new Faults(),
      sns: new Faults(),
      sqs: new Faults(),
      events: new Faults(),
      scheduler: new Faults(),
    };
    const tables = new Tables(clock, faults.dynamodb);
    closing.push(() => tables.close());
    views.add(tablesView(tables));
    const deskVariables = new Map([
      ['AWS_ENDPOINT_URL', services.url],
      ['NODE_EXTRA_CA_CERTS', caFile],
    ]);
    const s3 = await S3.start({ folder: join(folder, 's3'), principals, clock, log });
    closing.push(() => s3.close());
    deskVariables.set('AWS_ENDPOINT_URL_S3', s3.url);
    views.add(s3.view());
    const logGroups = new LogGroups();
    const functions = new Functions({
      principals,
      addresses,
      log,
      onEntry: (group, text) => logGroups.add(group, text),
      deskVariables: () => Object.fromEntries(deskVariables),
    });
    const later = new LaterInvocations({ functions, targets, principals, clock, log });
    const queues = new Queues(clock, principals);
    views.add(queues.view());
    const topics = new Topics({ targets, clock, principals, log });
    views.add(topics.view());
    addresses.add(`https://sqs.${PLACE.region}.${PLACE.suffix}`, services.url);
    targets.provide('lambda', (arn, delivery) => later.deliver(arn, delivery));
    targets.provide('sqs', (arn, delivery) => queues.deliver(arn, delivery));
    targets.provide('sns', (arn, delivery) => topics.deliver(arn, delivery));
    targets.provide('logs', (arn, delivery) => logGroups.deliver(arn, delivery));
    services.provide('lambda', lambdaApi(functions, later, faults.lambda));
    services.provide('sns', snsApi(topics, faults.sns));
    services.provide('sqs', sqsApi(queues, faults.sqs));
    const iot = new Iot({ folder, authority, principals, tables, log });
    closing.push(() => iot.close());
    const userPools = new UserPools(addresses, functions);
    closing.push(() => userPools.close());
    const apis = new Apis({ functions, later, services, principals, userPools, clock, addresses, log, port });
    closing.push(() => functions.close());
    const mappings = new EventSourceMappings({ functions, queues, targets, clock, log });
    closing.push(async () => mappings.close());
    views.add(mappings.view());
    closing.push(() => apis.close());
    const buses = openBuses({ targets, clock, principals, log, services, faults: faults.events });
    closing.push(async () => buses.close());
    views.add(buses.view());
    const schedules = openSchedules({ targets, clock, principals, log, services, faults: faults.scheduler });
    closing.push(async () => schedules.close());
    views.add(schedules.view());
    const transcribe = openTranscribe({
      principals,
      clock,
      log,
      s3Url: () => s3.url,
      onEvent: (event) => void buses.put(event),
    });
    const comprehend = new Comprehend();
    const translate = new Translate();
    const ses = new Ses(log);
    for (const [name, { serve }] of Object.entries({ transcribe, comprehend, translate, ses })) {
      services.provide(name, serve);
    }
    views.add(transcribe.view());
    views.add(ses.view());
    services.provide('dynamodb', (request) => tables.serve(request));
    services.provide('iotdata', (request) => iot.serve(request));

    const desk: Desk = {
      addresses,
      authority,
      log,
      clock,
      targets,
      views,
      deskVariables,
      principals,
      services,
      functions,
      later,
      mappings,
      logGroups,
      queues,
      topics,
      faults,
      tables,
      iot,
      userPools,
      apis,
      transcribe,
      comprehend,
      translate,
      ses,
      buses,
      schedules,
      s3,
    };
    const exports = new Map<string, unknown>();
    let deployed: Deployed | null = null;
    for (const one of stacks) {
      const given = one === stack ? parameters : {};
      deployed = await deploy(one, FAMILIES, desk, given, exports);
    }
    const { outputs, resources } = deployed!;
    await iot.start();
    await apis.start();
    mappings.start();
    const robots = await Promise.all(
      iot.things.map(async (thing) => [
        thing,
        await provision(join(folder, 'robots', thing), thing, authority, iot.port),
      ]),
    );
    return {
      ...desk,
      outputs: outputs(),
      resources: madeOf(stack, resources),
      robots: Object.fromEntries(robots),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function madeOf({ template }: SynthesizedStack, created: Deployed['resources']): MadeResource[] {
  return Object.entries(template.Resources).flatMap(([logicalId, { Type: type, Properties = {} }]) => {
    const made = created.get(logicalId);
    return made ? [{ logicalId, type, properties: Properties, ref: made.ref }] : [];
  });
}

/** What a stack depends on, then itself; each once. */
function inOrder(stack: SynthesizedStack): SynthesizedStack[] {
  return [...new Set([...stack.before.flatMap(inOrder), stack])];
}
