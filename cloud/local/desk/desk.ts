import type { UserPools } from '../cognito/user-pools.ts';
import type { Comprehend } from '../comprehend/comprehend.ts';
import type { Tables } from '../dynamodb/tables.ts';
import type { EventSourceMappings } from '../event-sources/mappings.ts';
import type { Buses } from '../events/buses.ts';
import type { Principals } from '../iam/principals.ts';
import type { Authority } from '../iot/certificates.ts';
import type { Iot } from '../iot/iot.ts';
import type { Functions } from '../lambda/functions.ts';
import type { LaterInvocations } from '../lambda/later.ts';
import type { LogGroups } from '../logs/log-groups.ts';
import type { Apis } from '../rest-api/apis.ts';
import type { S3 } from '../s3/s3.ts';
import type { Schedules } from '../scheduler/schedules.ts';
import type { Faults } from '../services/faults.ts';
import type { Services } from '../services/services.ts';
import type { Ses } from '../ses/ses.ts';
import type { Topics } from '../sns/topics.ts';
import type { Queues } from '../sqs/queues.ts';
import type { Transcribe } from '../transcribe/transcribe.ts';
import type { Translate } from '../translate/translate.ts';
import type { Addresses } from './addresses.ts';
import type { DeskClock } from './clock.ts';
import type { DeskLog } from './log.ts';
import type { Targets } from './targets.ts';
import type { Views } from './views.ts';

/** The engines that resources are made in. */
export interface Desk {
  readonly addresses: Addresses;
  readonly authority: Authority;
  readonly log: DeskLog;
  readonly clock: DeskClock;
  readonly targets: Targets;
  /** What a person sees of the engines. */
  readonly views: Views;
  /** Environment of every function beside its own: what makes the SDK call the desk and trust it. */
  readonly deskVariables: Map<string, string>;
  readonly principals: Principals;
  readonly services: Services;
  readonly functions: Functions;
  /** Functions invoked by those who do not wait. */
  readonly later: LaterInvocations;
  /** What brings streams and queues to functions. */
  readonly mappings: EventSourceMappings;
  readonly logGroups: LogGroups;
  readonly queues: Queues;
  readonly topics: Topics;
  /** Failures ordered for requests to come, by the service's name in signatures. */
  readonly faults: Readonly<Record<'dynamodb' | 'lambda' | 'sns' | 'sqs' | 'events' | 'scheduler', Faults>>;
  readonly tables: Tables;
  readonly iot: Iot;
  readonly userPools: UserPools;
  readonly apis: Apis;
  readonly transcribe: Transcribe;
  readonly comprehend: Comprehend;
  readonly translate: Translate;
  readonly ses: Ses;
  readonly buses: Buses;
  readonly schedules: Schedules;
  readonly s3: S3;
}
