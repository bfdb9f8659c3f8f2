import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import { mutualTlsAgent } from '../../cloud-link/agents.ts';
import { AwsClock } from '../../cloud-link/aws-clock.ts';
import { fetchCredentials } from '../../cloud-link/credentials.ts';
import { splitEndpoint } from '../../cloud-link/endpoint.ts';
import type { Identity } from '../../cloud-link/identity.ts';

export interface ConnectionTarget {
  readonly thing: string;
  readonly dataEndpoint: string;
  readonly credentialsEndpoint: string;
  /** Empty: no credentials are asked for. */
  readonly roleAlias: string;
  /** What was attached a moment ago is not known everywhere in AWS yet: it is tried again for this long. */
  readonly patienceMs: number;
}

const AGAIN_AFTER_MS = 1000;
const ANSWER_TIMEOUT_MS = 10_000;

const MQTT_PORT = 443;
/** By which AWS tells MQTT from HTTPS on port 443. */
const ALPN = 'x-amzn-mqtt-ca';
const CONNACK = 0x20;
const DISCONNECT = Buffer.from([0xe0, 0]);
/** OASIS MQTT 5.0, table 3-1: what AWS answers to a robot it does not let in. */
const REASONS: Readonly<Record<number, string>> = { 133: 'bad client id', 135: 'not authorized' };

/**
 * Connects as the robot will, by MQTT over mutual TLS.
 * @throws Error with the last reason when it does not come about in time
 */
export function checkMqtt(
  identity: Identity,
  { thing, dataEndpoint, patienceMs }: ConnectionTarget,
): Promise<void> {
  return patiently(patienceMs, () => connectOnce(identity, thing, dataEndpoint));
}

/**
 * Fetches credentials as the robot will, which proves certificate, policy and thing without disturbing a robot
 * that runs.
 * @throws Error with the last reason when it does not come about in time
 */
export async function checkCredentials(identity: Identity, target: ConnectionTarget): Promise<void> {
  const agent = mutualTlsAgent(identity);
  const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };
  const at = {
    endpoint: target.credentialsEndpoint,
    roleAlias: target.roleAlias,
    thingName: target.thing,
    agent,
    awsClock: new AwsClock(clock),
  };
  try {
    await patiently(target.patienceMs, () => fetchCredentials(at));
  } finally {
    agent.destroy();
  }
}

async function patiently(patienceMs: number, attempt: () => Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (performance.now() - startMs > patienceMs) throw error;
      await delay(AGAIN_AFTER_MS);
    }
  }
}

/** One CONNECT and its answer: too little for the SDK, which takes seconds to load and to let go. */
function connectOnce(
  { certificate, privateKey, ca }: Identity,
  thing: string,
  endpoint: string,
): Promise<void> {
  const { host, port } = splitEndpoint(endpoint, MQTT_PORT);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      socket.destroy();
      reject(new Error(`${endpoint} does not let ${thing} connect: ${why}`));
    };
    const socket = connect({
      host,
      port,
      servername: host,
      cert: certificate,
      key: privateKey,
      ca,
      ...(port === MQTT_PORT ? { ALPNProtocols: [ALPN] } : {}),
    });
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => fail('no answer'));
    socket.on('secureConnect', () => socket.write(connectPacket(thing)));
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('the connection was ended'));
    socket.on('data', (packet) => {
      const reason = packet[3];
      if (packet[0] !== CONNACK || reason === undefined) return fail('it answers something else than MQTT');
      if (reason !== 0) return fail(REASONS[reason] ?? `reason 0x${reason.toString(16)}`);
      socket.end(DISCONNECT);
      resolve();
    });
  });
}

/** OASIS MQTT 5.0, section 3.1: a clean start, 30 s of keep-alive, no properties. */
function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const body = Buffer.concat([
    Buffer.from([0, 4]),
    Buffer.from('MQTT'),
    Buffer.from([5, 0x02, 0, 30, 0, id.length >> 8, id.length & 0xff]),
    id,
  ]);
  // A name of at most 64 characters keeps the length in one byte.
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}
