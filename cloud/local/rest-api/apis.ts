import { createServer, type Server } from 'node:http';
import type { Addresses } from '../desk/addresses.ts';
import type { DeskLog } from '../desk/log.ts';
import { PLACE } from '../desk/place.ts';
import type { Functions } from '../lambda/functions.ts';
import { close, listen } from '../services/http-server.ts';
import type { ApiDefinition } from './definition.ts';
import { createHandler } from './handler.ts';
import { pathOf } from './router.ts';

export interface ApisOptions {
  readonly functions: Functions;
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

/** The REST APIs of the template, each on a port of loopback. */
export class Apis {
  readonly #options: ApisOptions;
  readonly #definitions = new Map<string, ApiDefinition>();
  readonly #servers: Server[] = [];

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
    const { functions, addresses, log, port } = this.#options;
    for (const definition of this.#definitions.values()) {
      const server = createServer(createHandler({ definition, functions, log }));
      const listening = await listen(server, this.#servers.length === 0 ? port : 0);
      this.#servers.push(server);
      addresses.add(`https://${hostOf(definition)}`, `http://127.0.0.1:${listening}`);
    }
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
  }
}

function hostOf({ id }: ApiDefinition): string {
  return `${id}.execute-api.${PLACE.region}.${PLACE.suffix}`;
}
