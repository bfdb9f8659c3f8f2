import { type Mosquitto, startMosquitto } from '../../cloud-link/mosquitto.ts';
import { type Publication, startBrokerEndpoint } from '../broker-endpoint.ts';

/** IoT Core as a function and a robot meet it: signed requests at one end, MQTT with certificates at the other. */
export async function startIotCore(robots: readonly string[]) {
  const mosquitto: Mosquitto = await startMosquitto(robots);
  const cloud = await mosquitto.client();
  const endpoint = await startBrokerEndpoint(({ path, headers, body }: Publication) => {
    const { pathname, searchParams } = new URL(path, 'https://iot');
    const encoded = String(headers['x-amz-mqtt5-user-properties']);
    const properties = JSON.parse(Buffer.from(encoded, 'base64').toString()) as Record<string, string>[];
    cloud.publish(decodeURIComponent(pathname.replace(/^\/topics\//, '')), body, {
      qos: 1,
      properties: {
        messageExpiryInterval: Number(searchParams.get('messageExpiry')),
        userProperties: Object.assign({}, ...properties) as Record<string, string>,
      },
    });
  });
  return {
    /** For publishing by signed request. */
    url: endpoint.url,
    taken: endpoint.taken,
    /** For robots. */
    mqtt: `127.0.0.1:${mosquitto.port}`,
    authority: mosquitto.authority,
    async close() {
      await endpoint.close();
      await mosquitto.close();
    },
  };
}
