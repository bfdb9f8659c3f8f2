import type { UserPools } from '../cognito/user-pools.ts';
import type { Principals } from '../iam/principals.ts';
import type { Authority } from '../iot/certificates.ts';
import type { Iot } from '../iot/iot.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Apis } from '../rest-api/apis.ts';
import type { Services } from '../services/services.ts';
import type { Tables } from '../services/tables.ts';
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
  readonly tables: Tables;
  readonly iot: Iot;
  readonly userPools: UserPools;
  readonly apis: Apis;
}
