import { join } from 'node:path';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import type { DeskLog } from '../desk/log.ts';
import type { Tables } from '../dynamodb/tables.ts';
import type { PolicyDocument } from '../iam/policy.ts';
import type { Principals } from '../iam/principals.ts';
import type { ServiceRequest, ServiceResponse } from '../services/services.ts';
import { aclOf, letsConnect } from './acl.ts';
import type { Authority } from './certificates.ts';
import { publishOverHttps } from './data-plane.ts';
import { type Mosquitto, startMosquitto } from './mosquitto.ts';
import { Presence } from './presence.ts';
import { runRule, type TopicRule } from './rules.ts';

export interface IotOptions {
  readonly folder: string;
  readonly authority: Authority;
  readonly principals: Principals;
  readonly tables: Tables;
  readonly log: DeskLog;
}

/** The desk itself among the broker's clients: it may say and hear everything. */
const DESK = 'roverd-desk';

/** IoT Core: things, policies and rules of the template around a real broker. */
export class Iot {
  readonly #options: IotOptions;
  readonly #things = new Set<string>();
  readonly #policies: PolicyDocument[] = [];
  readonly #rules: TopicRule[] = [];
  #broker: Mosquitto | null = null;
  #client: MqttClient | null = null;

  constructor(options: IotOptions) {
    this.#options = options;
  }

  addThing(name: string): void {
    this.#things.add(name);
  }

  addPolicy(document: PolicyDocument): void {
    this.#policies.push(document);
  }

  addRule(rule: TopicRule): void {
    this.#rules.push(rule);
  }

  /** Things that some policy lets connect under their own name: the others get no certificate. */
  get things(): readonly string[] {
    return [...this.#things].filter((thing) => this.#policies.some((policy) => letsConnect(thing, policy)));
  }

  /** Of the broker. */
  get port(): number {
    if (!this.#broker) throw new Error('Expected things in the template: without them there is no broker');
    return this.#broker.port;
  }

  /** Starts the broker, once everything is known; nothing where the template has nothing for it. */
  async start(): Promise<void> {
    if (this.#things.size + this.#rules.length + this.#policies.length === 0) return;
    const { folder, authority, log } = this.#options;
    for (const thing of this.#things) {
      if (!this.things.includes(thing)) log.line('desk', `${thing}: no policy lets it connect`);
    }
    const presence = new Presence();
    // The certificate of a thing has, as its provisioning says, the policies by which it may connect.
    const rules = this.things.map((thing) =>
      aclOf(
        thing,
        this.#policies.filter((policy) => letsConnect(thing, policy)),
      ),
    );
    const everything = [`user ${DESK}`, 'topic readwrite #', 'topic readwrite $aws/#', ''].join('\n');
    this.#broker = await startMosquitto({
      folder: join(folder, 'broker'),
      authority,
      acl: [...rules, everything].join('\n'),
      onLine: (line) => {
        const event = presence.eventOf(line, Date.now());
        if (!event || event.clientId === DESK) return;
        log.line('broker', line);
        const topic = `$aws/events/presence/${event.eventType}/${event.clientId}`;
        this.#client?.publish(topic, JSON.stringify(event), { qos: 1 });
      },
      onExit: (code) => log.line('broker', `mosquitto ended with ${code}: nothing is delivered any more`),
    });
    this.#client = await this.connect(DESK);
    await this.#listenForRules(this.#client);
  }

  /** A client with a certificate of this name. */
  async connect(name: string, options: IClientOptions = {}): Promise<MqttClient> {
    const { authority, log } = this.#options;
    const { certificate, privateKey } = await authority.issue(name);
    const client = connect({
      host: '127.0.0.1',
      port: this.port,
      protocol: 'mqtts',
      protocolVersion: 5,
      clientId: name,
      cert: certificate,
      key: privateKey,
      ca: authority.ca,
      reconnectPeriod: 500,
      ...options,
    });
    client.on('error', (error) => log.line('broker', `${name}: ${error.message}`));
    await new Promise<void>((resolve) => client.once('connect', () => resolve()));
    return client;
  }

  /** The service `iotdata`. */
  async serve(request: ServiceRequest): Promise<ServiceResponse> {
    const { log } = this.#options;
    return publishOverHttps(request, async (topic, payload, options) => {
      if (!this.#client?.connected) throw new Error('The broker is not there');
      await this.#client.publishAsync(topic, payload, options);
      log.step('published');
    });
  }

  async close(): Promise<void> {
    await this.#client?.endAsync(true);
    await this.#broker?.close();
  }

  /** A message that several rules want comes once for each of them, marked with the number of its subscription. */
  async #listenForRules(client: MqttClient): Promise<void> {
    client.on('message', (topic, payload, { properties }) => {
      for (const number of [properties?.subscriptionIdentifier ?? []].flat()) {
        void runRule(this.#rules[number - 1]!, topic, payload, this.#options);
      }
    });
    for (const [index, { rule }] of this.#rules.entries()) {
      await client.subscribeAsync(rule.filter, {
        qos: 1,
        rh: 2,
        properties: { subscriptionIdentifier: index + 1 },
      });
    }
  }
}
