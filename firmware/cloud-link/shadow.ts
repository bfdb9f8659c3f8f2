import * as z from 'zod/mini';
import { parseJson } from '../command/message.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Broker, InboundMessage } from './broker.ts';
import type { Decided, RemoteSettings } from './remote-settings.ts';
import type { Topics } from './topics.ts';

/** AWS's own limit of a shadow document; metadata and the previous document come on top. */
const MAX_DOCUMENT_BYTES = 64 * 1024;

const version = z.int().check(z.nonnegative());
const state = z.object({ desired: z.optional(z.unknown()) });
/** `get/accepted` and `update/documents`, as far as they matter here. */
const gotten = z.object({ state, version });
const updated = z.object({ current: z.object({ state, version }) });
const rejection = z.object({ code: z.number(), message: z.optional(z.string()) });
/** There is no shadow yet: https://docs.aws.amazon.com/iot/latest/developerguide/device-shadow-error-messages.html */
const NO_SHADOW = 404;

export interface ShadowOptions {
  readonly topics: Topics['shadow'];
  readonly broker: Pick<Broker, 'publish' | 'subscribe'>;
  readonly decide: (desired: unknown, before: RemoteSettings) => Decided;
  readonly apply: (settings: RemoteSettings) => void;
  /** Those that hold at the start. */
  readonly settings: RemoteSettings;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
}

/**
 * The settings of the robot as a device shadow: takes `desired`, answers with `reported` (what holds, and what was
 * refused as `errors`). The newest version counts; the settings last taken hold while the robot is offline.
 */
export class Shadow {
  readonly #options: ShadowOptions;
  #version = -1;
  #decided: Decided;
  /** As the cloud has it; null when that is unknown. */
  #reported: string | null = null;

  constructor(options: ShadowOptions) {
    this.#options = options;
    this.#decided = { settings: options.settings, errors: [] };
  }

  /** @throws Error when the topics are refused or the connection ends */
  async connected(): Promise<void> {
    const { broker, topics } = this.#options;
    // Versions start over when a shadow was deleted; what comes on this connection is in order or dropped.
    this.#version = -1;
    this.#reported = null;
    await broker.subscribe([topics.getAccepted, topics.getRejected, topics.updateRejected, topics.documents]);
    await broker.publish({ topic: topics.get, payload: '' });
  }

  /** Whether the message was one of a shadow. Never throws. */
  receive(message: InboundMessage): boolean {
    const { topics } = this.#options;
    switch (message.topic) {
      case topics.getAccepted:
        this.#onDocument(read(message, gotten));
        return true;
      case topics.documents:
        this.#onDocument(read(message, updated)?.current);
        return true;
      case topics.getRejected:
        this.#onRejected(read(message, rejection), 'get');
        return true;
      case topics.updateRejected:
        this.#onRejected(read(message, rejection), 'update');
        return true;
      default:
        return false;
    }
  }

  #onDocument(document: z.infer<typeof gotten> | undefined): void {
    const { logger, decide, apply } = this.#options;
    if (document === undefined) return logger.warn('shadow: Expected a document with state and version');
    if (document.version <= this.#version) return;
    this.#version = document.version;
    const before = this.#decided;
    this.#decided = decide(document.state.desired ?? {}, before.settings);
    const { settings, errors } = this.#decided;
    if (!same(settings, before.settings)) {
      logger.info({ settings, version: this.#version }, 'settings from the cloud');
      apply(settings);
    }
    if (!same(errors, before.errors)) for (const error of errors) logger.warn(`shadow refused: ${error}`);
    this.#report();
  }

  #onRejected(rejected: z.infer<typeof rejection> | undefined, what: 'get' | 'update'): void {
    if (what === 'get' && rejected?.code === NO_SHADOW) return this.#report();
    this.#reported = null;
    this.#options.logger.warn({ rejected }, `shadow: ${what} was rejected`);
  }

  #report(): void {
    const { settings, errors } = this.#decided;
    const payload = JSON.stringify({ state: { reported: { ...settings, errors } } });
    if (payload === this.#reported) return;
    this.#reported = payload;
    const { broker, topics, logger } = this.#options;
    broker.publish({ topic: topics.update, payload }).catch((error: Error) => {
      this.#reported = null;
      logger.warn(`shadow: not reported: ${error.message}`);
    });
  }
}

function read<T extends z.ZodMiniType>(message: InboundMessage, schema: T): z.infer<T> | undefined {
  if (message.payload.byteLength > MAX_DOCUMENT_BYTES) return undefined;
  const parsed = parseJson(message.payload);
  const checked = parsed.ok ? schema.safeParse(parsed.value) : undefined;
  return checked?.success ? checked.data : undefined;
}

function same(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
