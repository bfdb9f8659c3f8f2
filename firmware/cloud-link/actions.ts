import { type CommandMessage, decodeCommand, isStop, type Refusal } from '../command/message.ts';
import type { Sender } from '../command/model.ts';
import type { Clock, Pipeline } from '../command/pipeline.ts';
import type { Logger } from '../telemetry/log.ts';
import { Bucket } from '../teleop/bucket.ts';
import type { InboundMessage } from './broker.ts';
import type { LinkProof } from './proof.ts';

/** Begins every sender's id. */
const ID = 'mqtt';
/** At most one line in the log about refusals in this time. */
const NOTICE_EVERY_MS = 1_000;
const SUBJECT = /^[!-~]{1,128}$/;
const NAME = /^[^\p{C}]{1,40}$/u;

export interface ActionsOptions {
  readonly pipeline: Pick<Pipeline, 'send' | 'linkClosed' | 'report'>;
  readonly clock: Clock;
  readonly proof: LinkProof;
  /** As `command.maxAgeMs`. */
  readonly maxAgeMs: number;
  readonly messagesPerS: number;
  readonly messageBurst: number;
  readonly countRefusal: (code: string) => void;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * Commands from the topic `<name>/action`, of all who may publish to it: the broker has checked them. MQTT user
 * properties tell them apart, as `POST /publish` sets them: `sub` (for lease and order), `name` (for people) and `role`.
 * Without `sub` they are one sender.
 */
export class Actions {
  readonly #options: ActionsOptions;
  readonly #bucket: Bucket;
  #received = 0;
  #refused = 0;
  #noticedMs = Number.NEGATIVE_INFINITY;

  constructor(options: ActionsOptions) {
    this.#options = options;
    this.#bucket = new Bucket(options.messagesPerS, options.messageBurst, options.clock.nowMs());
  }

  get counts(): { readonly received: number; readonly refused: number } {
    return { received: this.#received, refused: this.#refused };
  }

  /** Never throws. */
  receive(message: InboundMessage): void {
    this.#received += 1;
    const { pipeline, clock } = this.#options;
    const throttled = !this.#bucket.take(clock.nowMs());
    const decoded = decodeCommand(message.payload);
    if (decoded.ok && isStop(decoded.value)) {
      pipeline.send(senderOf(message), decoded.value);
      return;
    }
    if (throttled) {
      const most = `Expected at most ${this.#options.messagesPerS} messages a second`;
      return this.#refuse({ code: 'rate_limited', message: most });
    }
    if (!decoded.ok) return this.#refuse(decoded);
    const doubt = this.#doubt(message, decoded.value);
    if (doubt) return this.#refuse(doubt);
    const verdict = pipeline.send(senderOf(message), decoded.value);
    if (!verdict.ok) this.#refuse(verdict);
  }

  /** Whoever drives through the broker drives no longer. */
  linkLost(): void {
    const { pipeline } = this.#options;
    const { operator } = pipeline.report();
    if (operator?.id.startsWith(ID)) pipeline.linkClosed(operator.id);
  }

  /** Why a command may be an old one; null when it can't be, or when its own time will tell. */
  #doubt(message: InboundMessage, command: CommandMessage): Refusal | null {
    if (message.retain) {
      return { code: 'retained', message: 'Expected a message for this moment but received a retained one' };
    }
    const { clock, proof, maxAgeMs } = this.#options;
    // A time ahead of this robot's clock tells no age: one of the two clocks is wrong.
    const dated = command.issuedAtMs !== undefined && command.issuedAtMs <= clock.wallMs() + maxAgeMs;
    if (dated || proof.admit(clock.nowMs())) return null;
    return {
      code: 'unproven',
      message: `Expected issuedAtMs, or a link proven to deliver within ${maxAgeMs} ms. Proving it: send again`,
    };
  }

  #refuse({ code, message }: Refusal): void {
    this.#refused += 1;
    const { clock, countRefusal, logger } = this.#options;
    countRefusal(code);
    const nowMs = clock.nowMs();
    if (nowMs - this.#noticedMs < NOTICE_EVERY_MS) return;
    this.#noticedMs = nowMs;
    logger.warn({ code, refused: this.#refused }, `cloud command refused: ${message}`);
  }
}

function senderOf({ userProperties }: InboundMessage): Sender {
  const said = (property: string, expected: RegExp) => {
    const value = userProperties.find(({ name }) => name === property)?.value ?? '';
    return expected.test(value) ? value : null;
  };
  const sub = said('sub', SUBJECT);
  return {
    id: sub === null ? ID : `${ID} ${sub}`,
    name: said('name', NAME) ?? 'the cloud',
    link: 'cloud',
    role: said('role', /^viewer$/) === null ? 'operator' : 'viewer',
    // A topic doesn't tell when a publisher has gone.
    lasting: false,
  };
}
