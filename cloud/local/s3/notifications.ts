import { randomBytes } from 'node:crypto';
import type { DeskClock } from '../desk/clock.ts';
import type { DeskLog } from '../desk/log.ts';
import { madeUpId } from '../desk/place.ts';
import type { Targets } from '../desk/targets.ts';
import type { NewEvent } from '../events/event.ts';
import { bucketArn } from './bucket.ts';
import { busEventOf, notificationOf, type ObjectEvent, testEventOf } from './events.ts';

/** One destination of a bucket's notifications. */
export interface Destination {
  readonly id: string;
  readonly arn: string;
  /** As in `s3:ObjectCreated:*`. */
  readonly event: string;
  readonly prefix: string;
  readonly suffix: string;
}

export interface NotificationOptions {
  readonly targets: Targets;
  readonly clock: DeskClock;
  readonly log: DeskLog;
  /** Onto the default bus. */
  readonly putEvent: (event: NewEvent) => void;
}

interface Rule {
  readonly Name: string;
  readonly Value: string;
}
interface Configuration {
  readonly Event: string;
  readonly Filter?: { readonly S3Key?: { readonly Rules?: readonly Rule[] } };
  readonly Function?: string;
  readonly Queue?: string;
  readonly Topic?: string;
}
/** As CloudFormation has it. */
export interface NotificationConfiguration {
  readonly LambdaConfigurations?: readonly Configuration[];
  readonly QueueConfigurations?: readonly Configuration[];
  readonly TopicConfigurations?: readonly Configuration[];
  readonly EventBridgeConfiguration?: { readonly EventBridgeEnabled?: boolean | string };
}

export const EVENTS = [
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectTagging:*',
  's3:ObjectTagging:Put',
  's3:ObjectTagging:Delete',
];

/** S3 tries again for a while what is throttled, or what fails; here as often as this, ever later. */
const RETRIES = 8;
const FIRST_RETRY_MS = 500;

/** Tells of what happens in a bucket: at least once, in no order. */
export class Notifications {
  readonly #bucket: string;
  readonly #options: NotificationOptions;
  readonly #destinations: readonly Destination[];
  readonly #toBus: boolean;
  #twice = 0;

  constructor(bucket: string, configuration: NotificationConfiguration, options: NotificationOptions) {
    this.#bucket = bucket;
    this.#options = options;
    this.#destinations = destinationsIn(configuration);
    const enabled = configuration.EventBridgeConfiguration;
    this.#toBus = enabled !== undefined && String(enabled.EventBridgeEnabled ?? true) === 'true';
  }

  /**
   * Asks every destination whether it lets the bucket in, as S3 does before it takes a configuration. Queues and topics
   * get the test event by that.
   * @throws Error naming a destination that does not, or destinations that would get the same event
   */
  async validate(permits: (functionArn: string, bucketArn: string) => boolean): Promise<void> {
    const overlapping = overlapIn(this.#destinations);
    if (overlapping) throw new Error(`Configurations overlap: ${overlapping.event} of ${this.#bucket}`);
    for (const arn of new Set(this.#destinations.map((one) => one.arn))) {
      const refused = arn.startsWith('arn:aws:lambda:')
        ? !permits(arn, bucketArn(this.#bucket))
        : !(await this.#deliver(arn, testEventOf(this.#bucket, this.#options.clock.nowMs(), newRequestId())))
            .ok;
      if (refused) throw new Error(`Unable to validate the following destination configurations: ${arn}`);
    }
  }

  /** Of the events to come this many are delivered twice, as may happen. */
  deliverTwice(events = 1): void {
    this.#twice += events;
  }

  tell(event: ObjectEvent): void {
    const times = this.#twice > 0 ? 2 : 1;
    this.#twice -= times - 1;
    for (let time = 0; time < times; time += 1) {
      if (this.#toBus) this.#options.putEvent(busEventOf(event));
      for (const one of this.#destinations) {
        if (concerns(one, event)) this.#send(one.arn, notificationOf(event, one.id), 0);
      }
    }
  }

  #send(arn: string, payload: object, retried: number): void {
    void this.#deliver(arn, payload).then((delivered) => {
      if (delivered.ok) return;
      if (delivered.retryable && retried < RETRIES) {
        this.#options.clock.after(FIRST_RETRY_MS * 2 ** retried, () => this.#send(arn, payload, retried + 1));
        return;
      }
      this.#options.log.line('s3', `${this.#bucket}: ${arn} was not told: ${delivered.message}`);
    });
  }

  #deliver(arn: string, payload: object) {
    return this.#options.targets.deliver(arn, {
      principal: 's3.amazonaws.com',
      sourceArn: bucketArn(this.#bucket),
      roleArn: null,
      payload: JSON.stringify(payload),
    });
  }
}

export function newRequestId(): string {
  return randomBytes(8).toString('hex').toUpperCase();
}

function destinationsIn(configuration: NotificationConfiguration): Destination[] {
  const { LambdaConfigurations = [], QueueConfigurations = [], TopicConfigurations = [] } = configuration;
  return [...LambdaConfigurations, ...QueueConfigurations, ...TopicConfigurations].map((one) => {
    const rules = one.Filter?.S3Key?.Rules ?? [];
    const value = (name: string) => rules.find(({ Name }) => Name.toLowerCase() === name)?.Value ?? '';
    const arn = one.Function ?? one.Queue ?? one.Topic ?? '';
    const id = madeUpId(JSON.stringify([arn, one.Event, rules]), 24);
    return { id, arn, event: one.Event, prefix: value('prefix'), suffix: value('suffix') };
  });
}

function concerns({ event, prefix, suffix }: Destination, { name, key }: ObjectEvent): boolean {
  const named = event.endsWith(':*') ? `s3:${name}`.startsWith(event.slice(0, -1)) : event === `s3:${name}`;
  return named && key.startsWith(prefix) && key.endsWith(suffix);
}

/** S3 takes no two configurations by which one event would go two ways. */
function overlapIn(destinations: readonly Destination[]): Destination | undefined {
  const either = (a: string, b: string, holds: (long: string, short: string) => boolean) =>
    holds(a, b) || holds(b, a);
  const among = (event: string) => new RegExp(`^${event.replace(':*', ':.*')}$`);
  return destinations.find((one, at) =>
    destinations
      .slice(at + 1)
      .some(
        (other) =>
          either(one.event, other.event, (a, b) => among(b).test(a)) &&
          either(one.prefix, other.prefix, (a, b) => a.startsWith(b)) &&
          either(one.suffix, other.suffix, (a, b) => a.endsWith(b)),
      ),
  );
}
