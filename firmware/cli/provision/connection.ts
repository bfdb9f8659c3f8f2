import { setTimeout as delay } from 'node:timers/promises';
import { mutualTlsAgent } from '../../cloud-link/agents.ts';
import { openAwsBroker } from '../../cloud-link/aws-broker.ts';
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
const MQTT_PORT = 443;

/**
 * Connects as the robot will, by MQTT over mutual TLS.
 * @throws Error with the last reason when it does not come about in time
 */
export async function checkMqtt(
  identity: Identity,
  { thing, dataEndpoint, patienceMs }: ConnectionTarget,
): Promise<void> {
  const broker = await openAwsBroker({
    ...splitEndpoint(dataEndpoint, MQTT_PORT),
    clientId: thing,
    identity,
    keepAliveS: 30,
    will: null,
    unusedFilter: `${thing}/probe`,
  });
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      let last = 'no answer';
      const giveUp = () => reject(new Error(`${dataEndpoint} does not let ${thing} connect: ${last}`));
      timer = setTimeout(giveUp, patienceMs);
      broker.start({
        connected: resolve,
        disconnected: (why) => {
          last = why;
        },
        message: () => undefined,
      });
    });
  } finally {
    clearTimeout(timer);
    await broker.close(null);
  }
}

/**
 * Fetches credentials as the robot will, which proves certificate, policy and thing without disturbing a robot
 * that runs.
 * @throws Error with the last reason when it does not come about in time
 */
export async function checkCredentials(
  identity: Identity,
  { thing, credentialsEndpoint, roleAlias, patienceMs }: ConnectionTarget,
): Promise<void> {
  const agent = mutualTlsAgent(identity);
  const clock = { nowMs: () => performance.now(), wallMs: () => Date.now() };
  const at = {
    endpoint: credentialsEndpoint,
    roleAlias,
    thingName: thing,
    agent,
    awsClock: new AwsClock(clock),
  };
  const startMs = clock.nowMs();
  try {
    for (;;) {
      try {
        await fetchCredentials(at);
        return;
      } catch (error) {
        if (clock.nowMs() - startMs > patienceMs) throw error;
        await delay(AGAIN_AFTER_MS);
      }
    }
  } finally {
    agent.destroy();
  }
}
