import type { S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { writeLog, writeMetrics } from '../common/emf.lambda-shared.ts';
import type { Agenda, Due } from './agenda.lambda-shared.ts';
import { consider, isGone } from './consider.lambda-shared.ts';
import { FIRST_RETRY_S, MAX_ATTEMPTS, NAMESPACE } from './constants.ts';
import { placeOf } from './object-path.lambda-shared.ts';
import { rewriteObject } from './rewrite-object.lambda-shared.ts';
import { Unprocessable } from './unprocessable.lambda-shared.ts';

export interface CarryOutOptions {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly agenda: Agenda;
  readonly failuresUrl: string;
  readonly fields: readonly string[];
  readonly ttlS: number;
}

/** Something else is there than what was read. */
const CHANGED = ['PreconditionFailed', 'ConditionalRequestConflict'];

/**
 * The time of an object is up. It is rewritten, or, where something else is there by now, looked at anew; what a
 * service could not do is put back for later, and what can't be done is reported. One way or another the object is
 * accounted for when this returns.
 * @throws Error when it could be neither done nor put back nor reported
 */
export async function carryOut(due: Due, signal: AbortSignal, options: CarryOutOptions): Promise<void> {
  const { s3, agenda, fields, ttlS } = options;
  const { path } = due;
  const startedMs = performance.now();
  try {
    const { lines, bytes } = await rewriteObject(s3, placeOf(path), due.etag, fields, signal);
    const metrics = {
      Rewritten: 1,
      Lines: lines,
      Bytes: bytes,
      RewriteMs: performance.now() - startedMs,
      LateMs: Math.max(0, Date.now() - due.dueS * 1000),
    };
    writeMetrics(NAMESPACE, metrics, { path });
  } catch (error) {
    if (error instanceof Unprocessable) return await report(due, error.reason, error, options);
    if (CHANGED.includes((error as Error).name) || isGone(error)) {
      const result = await consider(path, s3, agenda, ttlS);
      return writeMetrics(NAMESPACE, { Changed: 1 }, { path, result });
    }
    if (due.attempts + 1 >= MAX_ATTEMPTS) return await report(due, 'failed', error as Error, options);
    // It was due by another clock, which may be ahead of the function's.
    const nowS = Math.max(Math.ceil(Date.now() / 1000), due.dueS);
    const dueS = nowS + FIRST_RETRY_S * 2 ** due.attempts;
    await agenda.putBack({ ...due, dueS, attempts: due.attempts + 1 });
    writeLog('WARN', 'Put back', { path, attempts: due.attempts + 1, error: String(error) });
    writeMetrics(NAMESPACE, { PutBack: 1 }, { path });
  }
}

async function report(
  due: Due,
  reason: string,
  { message }: Error,
  { sqs, failuresUrl }: CarryOutOptions,
): Promise<void> {
  const MessageBody = JSON.stringify({ ...due, reason, message });
  await sqs.send(new SendMessageCommand({ QueueUrl: failuresUrl, MessageBody }));
  writeLog('ERROR', 'Reported', { path: due.path, reason, detail: message });
  writeMetrics(NAMESPACE, { Reported: 1 }, { path: due.path, reason });
}
