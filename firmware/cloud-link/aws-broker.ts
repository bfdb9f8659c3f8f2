import { Buffer } from 'node:buffer';
import type { mqtt5 } from 'aws-iot-device-sdk-v2';
import type { Broker, BrokerEvents, InboundMessage, OutboundMessage } from './broker.ts';
import type { Identity } from './identity.ts';

export interface AwsBrokerOptions {
  readonly host: string;
  /** 443 (by ALPN) or 8883 at AWS. */
  readonly port: number;
  readonly clientId: string;
  readonly identity: Identity;
  readonly keepAliveS: number;
  /** Null where the robot's policy grants none. */
  readonly will: OutboundMessage | null;
  /** A topic filter of the robot's own that is never subscribed. */
  readonly unusedFilter: string;
  /** Bounds of the back-off; 1 s to 32 s, as in the original. */
  readonly reconnect?: { readonly minMs: number; readonly maxMs: number };
}

const RECONNECT = { minMs: 1_000, maxMs: 32_000 };
/** A connection that held this long counts as good: the next back-off begins at its least. */
const STABLE_MS = 20_000;
const CONNECT_TIMEOUT_MS = 10_000;
const ACK_TIMEOUT_S = 10;
/** For the farewell, and again for the end of the connection. */
const CLOSING_MS = 500;

/**
 * The AWS IoT device SDK's MQTT 5 client. The SDK is loaded here, and only here: it is large (some 60 MB resident).
 * @throws Error when the SDK can't be loaded, or key and certificate don't fit
 */
export async function openAwsBroker(options: AwsBrokerOptions): Promise<Broker> {
  const { iot, io, mqtt5 } = (await import('aws-iot-device-sdk-v2')).default;
  const { certificate, privateKey, ca } = options.identity;
  const { minMs, maxMs } = options.reconnect ?? RECONNECT;
  const socket = new io.SocketOptions(
    io.SocketType.STREAM,
    io.SocketDomain.IPV4,
    CONNECT_TIMEOUT_MS,
    true,
    // Seconds: what the network no longer carries is given up while idle, besides MQTT's own keep-alive.
    10,
    5,
    3,
  );
  const config = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
    options.host,
    certificate,
    privateKey,
  )
    .withCertificateAuthority(ca)
    .withPort(options.port)
    .withSocketOptions(socket)
    .withConnectProperties({
      clientId: options.clientId,
      keepAliveIntervalSeconds: options.keepAliveS,
      // Clean and without a life of its own: the broker keeps nothing for a robot that is away.
      sessionExpiryIntervalSeconds: 0,
      ...(options.will ? { will: packetOf(options.will, mqtt5.QoS.AtLeastOnce) } : {}),
    })
    .withSessionBehavior(mqtt5.ClientSessionBehavior.Clean)
    .withOfflineQueueBehavior(mqtt5.ClientOperationQueueBehavior.FailAllOnDisconnect)
    .withRetryJitterMode(mqtt5.RetryJitterType.Full)
    .withMinReconnectDelayMs(minMs)
    .withMaxReconnectDelayMs(maxMs)
    .withMinConnectedTimeToResetReconnectDelayMs(STABLE_MS)
    .withConnackTimeoutMs(CONNECT_TIMEOUT_MS)
    .withPingTimeoutMs(Math.min(5_000, (options.keepAliveS * 1000) / 2))
    .withAckTimeoutSeconds(ACK_TIMEOUT_S)
    .build();
  return new AwsBroker(new mqtt5.Mqtt5Client(config), mqtt5, options.unusedFilter);
}

class AwsBroker implements Broker {
  /** Null once closed: the SDK keeps the process alive until its client has been collected. */
  #client: mqtt5.Mqtt5Client | null;
  readonly #sdk: typeof mqtt5;
  readonly #unusedFilter: string;
  #connected = false;
  #started = false;

  constructor(client: mqtt5.Mqtt5Client, sdk: typeof mqtt5, unusedFilter: string) {
    this.#client = client;
    this.#sdk = sdk;
    this.#unusedFilter = unusedFilter;
  }

  start(events: BrokerEvents): void {
    const client = this.#open();
    this.#started = true;
    client.on('connectionSuccess', () => {
      this.#connected = true;
      events.connected();
    });
    client.on('connectionFailure', ({ error, connack }) => {
      const refused = connack && `refused by the broker (${this.#sdk.ConnectReasonCode[connack.reasonCode]})`;
      events.disconnected(refused ?? reasonOf(error));
    });
    client.on('disconnection', ({ error, disconnect }) => {
      this.#connected = false;
      const told =
        disconnect && `ended by the broker (${this.#sdk.DisconnectReasonCode[disconnect.reasonCode]})`;
      events.disconnected(told ?? reasonOf(error));
    });
    client.on('messageReceived', ({ message }) => events.message(inbound(message)));
    // Otherwise an error of the client would end the process.
    client.on('error', (error) => events.disconnected(reasonOf(error)));
    client.start();
  }

  async publish(message: OutboundMessage): Promise<void> {
    const ack = await this.#open().publish(packetOf(message, this.#sdk.QoS.AtLeastOnce));
    if (ack && !this.#sdk.isSuccessfulPubackReasonCode(ack.reasonCode)) {
      throw new Error(`${message.topic} refused (${this.#sdk.PubackReasonCode[ack.reasonCode]})`);
    }
  }

  async subscribe(filters: readonly string[]): Promise<void> {
    const subscriptions = filters.map((topicFilter) => ({
      topicFilter,
      qos: this.#sdk.QoS.AtLeastOnce,
      retainHandlingType: this.#sdk.RetainHandlingType.DontSend,
      // So that a command published as retained shows that it is.
      retainAsPublished: true,
    }));
    const { reasonCodes } = await this.#open().subscribe({ subscriptions });
    const refused = filters.filter(
      (_, index) => !this.#sdk.isSuccessfulSubackReasonCode(reasonCodes[index] as mqtt5.SubackReasonCode),
    );
    if (refused.length > 0) throw new Error(`Subscription refused: ${refused.join(', ')}`);
  }

  /** UNSUBSCRIBE of what was never subscribed: it needs no grant, reaches nobody and is answered all the same. */
  async roundTrip(): Promise<void> {
    await this.#open().unsubscribe({ topicFilters: [this.#unusedFilter] });
  }

  async close(farewell: OutboundMessage | null): Promise<void> {
    const client = this.#client;
    if (client === null) return;
    if (this.#started) {
      let said = false;
      if (farewell && this.#connected) {
        said = await within(
          this.publish(farewell).then(
            () => true,
            () => false,
          ),
          CLOSING_MS,
          false,
        );
      }
      const { NormalDisconnection, DisconnectWithWillMessage } = this.#sdk.DisconnectReasonCode;
      const stopped = new Promise<void>((resolve) => client.once('stopped', () => resolve()));
      client.stop({ reasonCode: said || !farewell ? NormalDisconnection : DisconnectWithWillMessage });
      await within(stopped, CLOSING_MS, undefined);
    }
    client.close();
    this.#client = null;
  }

  #open(): mqtt5.Mqtt5Client {
    if (this.#client === null) throw new Error('Expected an open connection but it was closed');
    return this.#client;
  }
}

function packetOf(message: OutboundMessage, qos: mqtt5.QoS): mqtt5.PublishPacket {
  return {
    topicName: message.topic,
    payload: message.payload,
    qos,
    retain: message.retain ?? false,
    contentType: 'application/json',
    ...(message.expiryS === undefined ? {} : { messageExpiryIntervalSeconds: message.expiryS }),
  };
}

function inbound({ topicName, payload, retain, userProperties }: mqtt5.PublishPacket): InboundMessage {
  return {
    topic: topicName,
    payload: bytesOf(payload),
    retain: retain ?? false,
    userProperties: userProperties ?? [],
  };
}

function bytesOf(payload: mqtt5.PublishPacket['payload']): Uint8Array {
  // An empty payload comes as a detached buffer, of which nothing can be made.
  if (payload instanceof ArrayBuffer) return payload.byteLength ? new Uint8Array(payload) : new Uint8Array();
  if (ArrayBuffer.isView(payload)) {
    return new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
  }
  return Buffer.from(typeof payload === 'string' ? payload : '');
}

/** `Error: aws-c-io: AWS_IO_SOCKET_CLOSED, socket is closed.` without the library. */
function reasonOf(error: { readonly toString: () => string }): string {
  return String(error).replace(/^(Error: )?(lib)?aws-c-\w+: /, '');
}

function within<T>(promise: Promise<T>, ms: number, otherwise: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
