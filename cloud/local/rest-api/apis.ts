import { createServer, type Server } from 'node:http';
import type { UserPools } from '../cognito/user-pools.ts';
import type { Addresses } from '../desk/addresses.ts';
import type { DeskClock } from '../desk/clock.ts';
import type { DeskLog } from '../desk/log.ts';
import { PLACE } from '../desk/place.ts';
import { close, listen } from '../services/http-server.ts';
import { Velocity } from '../vtl/velocity.ts';
import { Backends, type BackendsOptions } from './backends.ts';
import type { ApiDefinition } from './definition.ts';
import { createHandler } from './handler.ts';
import { pathOf } from './router.ts';

export interface ApisOptions extends BackendsOptions {
  readonly userPools: UserPools;
  readonly clock: DeskClock;
  readonly addresses: Addresses;
  readonly log: DeskLog;
  /** Of the first API; others get any. 0: any. */
  readonly port: number;
}

export interface ApiRoute {
  readonly httpMethod: string;
  readonly url: string;
  readonly guarded: boolean;
  /** Of a body in JSON; null: it needs none. */
  readonly model: object | null;
}

interface Front {
  readonly host: string;
  readonly origin: string;
}

/** The REST APIs of the template, each on a port of loopback. */
export class Apis {
  readonly #options: ApisOptions;
  readonly #definitions = new Map<string, ApiDefinition>();
  readonly #servers: Server[] = [];
  readonly #velocity = new Velocity();
  readonly #fronts: Front[] = [];

  constructor(options: ApisOptions) {
    this.#options = options;
  }

  add(definition: ApiDefinition): void {
    this.#definitions.set(definition.id, definition);
  }

  /** @throws Error when there is no such API */
  definition(id: string): ApiDefinition {
    const definition = this.#definitions.get(id);
    if (!definition) throw new Error(`Expected a REST API of the template but received ${id}`);
    return definition;
  }

  /** @throws Error when a model is no schema or the port is taken */
  async start(): Promise<void> {
    const { functions, userPools, clock, addresses, log, port } = this.#options;
    const backends = new Backends(this.#options);
    for (const definition of this.#definitions.values()) {
      const server = createServer(
        createHandler({ definition, functions, backends, velocity: this.#velocity, userPools, clock, log }),
      );
      const listening = await listen(server, this.#servers.length === 0 ? port : 0);
      this.#servers.push(server);
      addresses.add(`https://${hostOf(definition)}`, `http://127.0.0.1:${listening}`);
    }
    for (const { host, origin } of this.#fronts) {
      const local = addresses.localized(origin);
      if (local === origin) continue;
      addresses.add(`https://${host}`, local);
      log.line('desk', `${host} is served by the API itself: nothing stands before it here`);
    }
  }

  /** A host that would pass requests on to `origin`, an address with a path. */
  front(host: string, origin: string): void {
    this.#fronts.push({ host, origin });
  }

  /** Every method, with the address that AWS would give it. */
  routes(): ApiRoute[] {
    return [...this.#definitions.values()].flatMap((definition) =>
      definition.stages.flatMap(({ name }) =>
        definition.methods.map(({ resourceId, httpMethod, authorizerId, requestModels }) => ({
          httpMethod,
          url: `https://${hostOf(definition)}/${name}${pathOf(definition, resourceId)}`,
          guarded: authorizerId !== null,
          model: definition.models.get(requestModels['application/json'] ?? '') ?? null,
        })),
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#servers.map(close));
    await this.#velocity.close();
  }
}

function hostOf({ id }: ApiDefinition): string {
  return `${id}.execute-api.${PLACE.region}.${PLACE.suffix}`;
}
