import { catalog } from '../catalog/resources.ts';
import { cloudfront } from '../cloudfront/resources.ts';
import { cognito } from '../cognito/resources.ts';
import { custom } from '../custom/resources.ts';
import { dynamodb } from '../dynamodb/resources.ts';
import { eventSources } from '../event-sources/resources.ts';
import { events } from '../events/resources.ts';
import { iam } from '../iam/resources.ts';
import { iot } from '../iot/resources.ts';
import { lambda } from '../lambda/resources.ts';
import { logs } from '../logs/resources.ts';
import { restApi } from '../rest-api/resources.ts';
import { s3 } from '../s3/resources.ts';
import { scheduler } from '../scheduler/resources.ts';
import { services } from '../services/resources.ts';
import { ses } from '../ses/resources.ts';
import { sns } from '../sns/resources.ts';
import { sqs } from '../sqs/resources.ts';
import { ANY } from './claims.ts';
import { described, type Family } from './family.ts';

/** What the CDK adds for itself. */
const cdk: Family = { 'AWS::CDK::Metadata': described([ANY]) };

/** Everything that the desk can make of a template. */
export const FAMILIES: readonly Family[] = [
  iam,
  lambda,
  eventSources,
  restApi,
  iot,
  services,
  dynamodb,
  logs,
  sns,
  sqs,
  ses,
  cloudfront,
  cognito,
  s3,
  catalog,
  custom,
  events,
  scheduler,
  cdk,
];
