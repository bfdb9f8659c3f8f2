import { createHash } from 'node:crypto';

/** The account and region that the desk stands in; no such account is called. */
export const PLACE = {
  account: '123456789012',
  region: 'eu-central-1',
  partition: 'aws',
  suffix: 'amazonaws.com',
};

/** @param resource as in `table/name` */
export function arn(service: string, resource: string): string {
  return `arn:${PLACE.partition}:${service}:${PLACE.region}:${PLACE.account}:${resource}`;
}

/** An identifier such as AWS makes up, the same on every run. */
export function madeUpId(of: string, length: number): string {
  const number = BigInt(`0x${createHash('sha256').update(of).digest('hex')}`);
  return number.toString(36).padStart(length, '0').slice(-length);
}
