import { createHash, randomUUID } from 'node:crypto';
import type { DeskClock } from '../desk/clock.ts';

export interface MessageAttribute {
  readonly dataType: string;
  readonly stringValue?: string;
  /** Base64. */
  readonly binaryValue?: string;
}

export interface SentMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttribute>>;
  readonly delayS?: number;
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** Of a message that was moved here. */
  readonly deadLetterSourceArn?: string;
}

export interface QueueMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  /** `SentTimestamp`, `ApproximateReceiveCount` and the like. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, MessageAttribute>>;
}

export interface QueueSettings {
  readonly arn: string;
  readonly name: string;
  readonly fifo: boolean;
  readonly contentBasedDeduplication: boolean;
  readonly delayS: number;
  readonly retentionS: number;
  readonly visibilityTimeoutS: number;
  readonly waitS: number;
  /** Null: messages are received without end. */
  readonly redrive: { readonly deadLetterArn: string; readonly maxReceiveCount: number } | null;
}

export interface Depth {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

interface Kept extends SentMessage {
  readonly id: string;
  readonly sentMs: number;
  readonly expiresMs: number;
  readonly sequence: string;
  visibleMs: number;
  firstReceivedMs: number | null;
  receives: number;
  receipt: string | null;
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html */
const DEDUPLICATION_MS = 5 * 60_000;
export const MAX_BATCH = 10;

/**
 * One queue, as SQS has it: a message that is received stays, unseen for a while, until it is deleted. A FIFO queue gives
 * the messages of a group in order, and none while an earlier one of the group is out.
 */
export class Queue {
  readonly settings: QueueSettings;
  readonly #clock: DeskClock;
  /** Puts a message that was received too often elsewhere. */
  readonly #bury: (arn: string, message: SentMessage) => void;
  #kept: Kept[] = [];
  readonly #deduplicated = new Map<
    string,
    { readonly untilMs: number; readonly id: string; readonly sequence: string }
  >();
  readonly #waiting = new Set<() => void>();
  #sent = 0n;

  constructor(
    settings: QueueSettings,
    clock: DeskClock,
    bury: (arn: string, message: SentMessage) => void = () => undefined,
  ) {
    this.settings = settings;
    this.#clock = clock;
    this.#bury = bury;
  }

  /** Takes a message; one that was sent within the last five minutes already is taken for the same. */
  send(message: SentMessage): { readonly messageId: string; readonly sequence: string } {
    const nowMs = this.#clock.nowMs();
    const { fifo, contentBasedDeduplication, delayS, retentionS } = this.settings;
    const deduplicationId =
      message.deduplicationId ?? (fifo && contentBasedDeduplication ? sha256(message.body) : undefined);
    if (fifo && deduplicationId !== undefined) {
      const known = this.#deduplicated.get(deduplicationId);
      if (known && known.untilMs > nowMs) return { messageId: known.id, sequence: known.sequence };
    }
    this.#sent += 1n;
    const kept: Kept = {
      ...message,
      ...(deduplicationId === undefined ? {} : { deduplicationId }),
      id: randomUUID(),
      sentMs: nowMs,
      expiresMs: nowMs + retentionS * 1000,
      sequence: this.#sent.toString().padStart(20, '0'),
      visibleMs: nowMs + (message.delayS ?? delayS) * 1000,
      firstReceivedMs: null,
      receives: 0,
      receipt: null,
    };
    this.#kept.push(kept);
    if (fifo && deduplicationId !== undefined) {
      const { id, sequence } = kept;
      this.#deduplicated.set(deduplicationId, { untilMs: nowMs + DEDUPLICATION_MS, id, sequence });
    }
    this.#wakeAt(kept.visibleMs);
    return { messageId: kept.id, sequence: kept.sequence };
  }

  /**
   * @param max 1 to 10
   * @param waitMs how long to wait for a first message
   */
  async receive({
    max,
    visibilityTimeoutS = this.settings.visibilityTimeoutS,
    waitMs,
  }: {
    readonly max: number;
    readonly visibilityTimeoutS?: number | undefined;
    readonly waitMs: number;
  }): Promise<QueueMessage[]> {
    const untilMs = this.#clock.nowMs() + waitMs;
    for (;;) {
      const found = this.#take(Math.min(max, MAX_BATCH), visibilityTimeoutS);
      const leftMs = untilMs - this.#clock.nowMs();
      if (found.length > 0 || leftMs <= 0) return found;
      await this.#change(leftMs);
    }
  }

  remove(receiptHandle: string): void {
    this.#kept = this.#kept.filter(({ receipt }) => receipt !== receiptHandle);
    this.#wake();
  }

  /** Sets anew how long a received message stays unseen; 0: it is there again. */
  release(receiptHandle: string, visibilityTimeoutS: number): void {
    const found = this.#kept.find(({ receipt }) => receipt === receiptHandle);
    if (!found) return;
    found.visibleMs = this.#clock.nowMs() + visibilityTimeoutS * 1000;
    this.#wakeAt(found.visibleMs);
  }

  isReceived(receiptHandle: string): boolean {
    return this.#kept.some(({ receipt }) => receipt === receiptHandle);
  }

  purge(): void {
    this.#kept = [];
  }

  depth(): Depth {
    this.#forgetExpired();
    const nowMs = this.#clock.nowMs();
    const later = this.#kept.filter(({ visibleMs }) => visibleMs > nowMs);
    const inFlight = later.filter(({ receives }) => receives > 0).length;
    return { visible: this.#kept.length - later.length, inFlight, delayed: later.length - inFlight };
  }

  /** Bodies of all that is kept, whether it is seen or not. */
  bodies(): string[] {
    this.#forgetExpired();
    return this.#kept.map(({ body }) => body);
  }

  #take(max: number, visibilityTimeoutS: number): QueueMessage[] {
    this.#forgetExpired();
    const nowMs = this.#clock.nowMs();
    const held = new Set<string>();
    const taken: QueueMessage[] = [];
    for (const message of [...this.#kept]) {
      if (taken.length === max) break;
      const group = this.settings.fifo ? (message.groupId ?? '') : null;
      if (group !== null && held.has(group)) continue;
      if (message.visibleMs > nowMs) {
        if (group !== null) held.add(group);
        continue;
      }
      if (this.#isDead(message)) continue;
      message.receives += 1;
      message.firstReceivedMs ??= nowMs;
      message.visibleMs = nowMs + visibilityTimeoutS * 1000;
      message.receipt = randomUUID();
      this.#wakeAt(message.visibleMs);
      taken.push(this.#given(message));
    }
    return taken;
  }

  /** Moved to the dead-letter queue when it would be received once too often. */
  #isDead(message: Kept): boolean {
    const { redrive, arn } = this.settings;
    if (!redrive || message.receives < redrive.maxReceiveCount) return false;
    this.#kept = this.#kept.filter((one) => one !== message);
    const { body, attributes, groupId, deduplicationId } = message;
    this.#bury(redrive.deadLetterArn, {
      body,
      ...(attributes ? { attributes } : {}),
      ...(groupId === undefined ? {} : { groupId }),
      ...(deduplicationId === undefined ? {} : { deduplicationId }),
      deadLetterSourceArn: arn,
    });
    return true;
  }

  #given(message: Kept): QueueMessage {
    const { id, body, sentMs, firstReceivedMs, receives, attributes = {}, receipt, sequence } = message;
    const { groupId, deduplicationId, deadLetterSourceArn } = message;
    return {
      messageId: id,
      receiptHandle: receipt!,
      body,
      md5OfBody: md5(body),
      messageAttributes: attributes,
      attributes: {
        ApproximateFirstReceiveTimestamp: `${Math.round(firstReceivedMs!)}`,
        ApproximateReceiveCount: `${receives}`,
        SenderId: 'AIDADESK',
        SentTimestamp: `${Math.round(sentMs)}`,
        ...(groupId === undefined ? {} : { MessageGroupId: groupId }),
        ...(deduplicationId === undefined ? {} : { MessageDeduplicationId: deduplicationId }),
        ...(this.settings.fifo ? { SequenceNumber: sequence } : {}),
        ...(deadLetterSourceArn === undefined ? {} : { DeadLetterQueueSourceArn: deadLetterSourceArn }),
      },
    };
  }

  #forgetExpired(): void {
    const nowMs = this.#clock.nowMs();
    this.#kept = this.#kept.filter(({ expiresMs }) => expiresMs > nowMs);
    for (const [id, { untilMs }] of this.#deduplicated) if (untilMs <= nowMs) this.#deduplicated.delete(id);
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        callOff();
        this.#waiting.delete(done);
        resolve();
      };
      const callOff = this.#clock.after(withinMs, done);
      this.#waiting.add(done);
    });
  }

  #wakeAt(ms: number): void {
    const inMs = ms - this.#clock.nowMs();
    if (inMs <= 0) this.#wake();
    else this.#clock.after(inMs, () => this.#wake());
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}

export function md5(text: string | Buffer): string {
  return createHash('md5').update(text).digest('hex');
}

/**
 * Of message attributes, as SDKs check it.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html#sqs-attributes-md5-message-digest-calculation
 */
export function md5OfAttributes(attributes: Readonly<Record<string, MessageAttribute>>): string {
  const counted = (part: string | Buffer) => {
    const bytes = Buffer.from(part as string);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const parts = Object.keys(attributes)
    .sort()
    .flatMap((name) => {
      const { dataType, stringValue, binaryValue } = attributes[name]!;
      const value = binaryValue === undefined ? stringValue! : Buffer.from(binaryValue, 'base64');
      return [
        counted(name),
        counted(dataType),
        Buffer.from([binaryValue === undefined ? 1 : 2]),
        counted(value),
      ];
    });
  return md5(Buffer.concat(parts));
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
