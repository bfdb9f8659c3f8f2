import type { UserPools } from '../cognito/user-pools.ts';
import type { Principals } from '../iam/principals.ts';
import type { Authority } from '../iot/certificates.ts';
import type { Iot } from '../iot/iot.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Apis } from '../rest-api/apis.ts';
import type { Services } from '../services/services.ts';
import type { Tables } from '../services/tables.ts';
import type { Addresses } from './addresses.ts';
import type { DeskLog } from './log.ts';

/** The engines that resources are made in. */
export interface Desk {
  readonly addresses: Addresses;
  readonly authority: Authority;
  readonly log: DeskLog;
  readonly principals: Principals;
  readonly services: Services;
  readonly functions: Functions;
  readonly tables: Tables;
  readonly iot: Iot;
  readonly userPools: UserPools;
  readonly apis: Apis;
}
