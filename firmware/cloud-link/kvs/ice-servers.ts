import type { Clock } from '../../command/pipeline.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { IceServer } from '../../video/engine.ts';
import type { IceServerConfig } from './calls.ts';

/** A login that expires within this is not given to a new viewer. */
const SPARE_MS = 30_000;

/** TURN servers with logins that are valid for a while yet, asked for anew when they are not. */
export class IceServers {
  readonly #fetch: () => Promise<IceServerConfig>;
  readonly #always: readonly IceServer[];
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #logger: Pick<Logger, 'warn'>;
  #held: { readonly servers: readonly IceServer[]; readonly untilMs: number } | null = null;
  #fetching: Promise<void> | null = null;

  /** @param always servers besides, whose logins do not expire */
  constructor(
    fetch: () => Promise<IceServerConfig>,
    always: readonly IceServer[],
    clock: Pick<Clock, 'nowMs'>,
    logger: Pick<Logger, 'warn'>,
  ) {
    this.#fetch = fetch;
    this.#always = always;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Never fails: where none can be had, viewers near enough connect without. */
  async get(): Promise<readonly IceServer[]> {
    if (this.#fetching || !this.#fresh()) await this.refresh();
    return [...this.#always, ...(this.#fresh() ? this.#held!.servers : [])];
  }

  /** The service is about to end the relays: new viewers get others. */
  async refresh(): Promise<void> {
    this.#fetching ??= this.#replace().finally(() => {
      this.#fetching = null;
    });
    await this.#fetching;
  }

  async #replace(): Promise<void> {
    try {
      const { servers, lifeMs } = await this.#fetch();
      this.#held = { servers, untilMs: this.#clock.nowMs() + lifeMs };
    } catch (error) {
      this.#logger.warn({ err: error }, 'no TURN servers from KVS');
    }
  }

  #fresh(): boolean {
    return this.#held !== null && this.#clock.nowMs() < this.#held.untilMs - SPARE_MS;
  }
}
