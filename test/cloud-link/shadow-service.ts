import type { MqttClient } from 'mqtt';

type Json = Readonly<Record<string, unknown>>;

/** The part of AWS's device shadow service that matters here, played on a plain broker: one classic shadow. */
export async function playShadow(cloud: MqttClient, thing: string) {
  const topic = `$aws/things/${thing}/shadow`;
  const reports: Json[] = [];
  let version = 0;
  let desired: Json | null = null;
  let reported: Json = {};

  const publish = (name: string, body: object) =>
    cloud.publishAsync(`${topic}/${name}`, JSON.stringify(body), { qos: 1 });
  const tell = (at = version) =>
    publish('update/documents', { current: { state: { desired: desired ?? {}, reported }, version: at } });

  cloud.on('message', (heard, payload) => {
    if (heard === `${topic}/get`) {
      const nothing = desired === null && reports.length === 0;
      void (nothing
        ? publish('get/rejected', { code: 404, message: 'No shadow exists' })
        : publish('get/accepted', { state: { desired: desired ?? {}, reported }, version }));
    } else if (heard === `${topic}/update`) {
      const { state } = JSON.parse(String(payload)) as { state: { reported: Json } };
      reported = state.reported;
      reports.push(reported);
      version += 1;
      void tell();
    }
  });
  await cloud.subscribeAsync([`${topic}/get`, `${topic}/update`], { qos: 1 });

  return {
    reports,
    publish,
    /** As somebody does who operates the robot's settings. */
    async desire(next: Json): Promise<void> {
      desired = next;
      version += 1;
      await tell();
    },
    /** A document that comes late. */
    async desireLate(next: Json): Promise<void> {
      await publish('update/documents', {
        current: { state: { desired: next, reported }, version: version - 1 },
      });
    },
  };
}
