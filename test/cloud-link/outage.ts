import { until } from '../teleop/rig.ts';
import { startMosquitto } from './mosquitto.ts';
import { type LinkedRobot, linkRobot } from './rig.ts';
import { startTcpRelay } from './tcp-relay.ts';

export const WITHIN_MS = 25_000;
/** The keep-alive of these robots is 5 s, its answer may take half of that. */
export const NOTICED_MS = 15_000;

export const FORWARD = { drive: { linear: 0.5, angular: 0 } };
export const dated = () => ({ ...FORWARD, issuedAtMs: Date.now() });
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export type Outage = Awaited<ReturnType<typeof startOutage>>;

/** A broker, a network before it, somebody in the cloud who hears and commands, and a robot once it joins. */
export async function startOutage() {
  const broker = await startMosquitto(['rover']);
  const relay = await startTcpRelay(broker.port);
  const cloud = await broker.client();
  const heard: { topic: string; body: Record<string, unknown> }[] = [];
  cloud.on('message', (topic, payload) => heard.push({ topic, body: JSON.parse(String(payload)) }));
  const subscribe = () => cloud.subscribeAsync(['rover/status', 'rover/telemetry']);
  await subscribe();
  let robot: LinkedRobot | null = null;

  const bodies = (topic: string) => heard.filter((one) => one.topic === topic).map(({ body }) => body);
  const statuses = () => bodies('rover/status').map(({ state }) => state);
  /** It says so once it is subscribed. */
  const online = (times: number) =>
    until(
      () => statuses().filter((state) => state === 'online').length >= times,
      `online for the ${times}. time`,
      WITHIN_MS,
    );
  const command = (body: object) => cloud.publishAsync('rover/action', JSON.stringify(body), { qos: 1 });

  return {
    broker,
    relay,
    bodies,
    statuses,
    online,
    command,
    async join(port: number, overrides: Record<string, unknown> = {}): Promise<LinkedRobot> {
      robot = await linkRobot('rover', port, await broker.authority.issue('rover'), overrides);
      await online(1);
      return robot;
    },
    /** The one in the cloud is connected again and hears everything from now on. */
    async listening(): Promise<void> {
      await until(() => cloud.connected, 'the cloud is back', WITHIN_MS);
      await subscribe();
    },
    async drive(): Promise<void> {
      await command(dated());
      await until(() => !robot!.still(), 'it drives', WITHIN_MS);
    },
    /** Commands without a time, as an operator with nothing but patience sends them, until one counts. */
    async driveUndated(): Promise<void> {
      const before = robot!.sets.length;
      const deadlineMs = performance.now() + WITHIN_MS;
      while (robot!.sets.length === before) {
        if (performance.now() > deadlineMs) throw new Error('no command without a time counted');
        await command(FORWARD);
        await pause(1_200);
        await command(FORWARD);
        await pause(100);
      }
    },
    async close(): Promise<void> {
      await robot?.close();
      await relay.close();
      await broker.close();
    },
  };
}
