import { ApiError, type ViewerAccess } from '../../../../firmware/teleop/page/cloud/api.ts';
import { CloudLink, type SignalingSocket } from '../../../../firmware/teleop/page/cloud/link.ts';
import type { SignalingEvents } from '../../../../firmware/teleop/page/cloud/signaling.ts';
import type { LinkPhase } from '../../../../firmware/teleop/page/robot-link.ts';
import type { Hello, ServerMessage } from '../../../../firmware/teleop/wire.ts';

export const HELLO: Hello = {
  robot: 'rover',
  version: '1',
  you: { id: 'kvs a', name: 'Zoe', role: 'operator' },
  watchdogMs: 400,
  sendEveryMs: 80,
  strip: false,
  iceServers: [],
};

const ACCESS: ViewerAccess = {
  role: 'operator',
  region: 'eu-central-1',
  channelArn: 'arn:aws:kinesisvideo:eu-central-1:123456789012:channel/rover/1',
  clientId: 'a',
  url: 'wss://signaling.example/?X-Amz-Signature=1',
  expiresAtMs: 299_000,
  nowMs: 0,
  iceServers: [{ urls: ['turn:relay.example'], username: 'u', credential: 'p' }],
};

/** Virtual time: what is due runs in order while `pass` goes on, promises in between. */
export function createTime() {
  let nowMs = 1000;
  let timers: { atMs: number; call: () => void }[] = [];
  const settle = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  return {
    nowMs: () => nowMs,
    after(ms: number, call: () => void) {
      const timer = { atMs: nowMs + ms, call };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    settle,
    async pass(ms: number) {
      const untilMs = nowMs + ms;
      await settle();
      for (;;) {
        const due = timers.filter(({ atMs }) => atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
        if (!due) break;
        timers = timers.filter((one) => one !== due);
        nowMs = due.atMs;
        due.call();
        await settle();
      }
      nowMs = untilMs;
    },
  };
}

/** The link of the cloud in virtual time, between an API, a signaling service and a robot that the test plays. */
export function createRig() {
  const time = createTime();
  const phases: LinkPhase[] = [];
  const messages: ServerMessage[] = [];
  const iceServers: Hello['iceServers'][] = [];
  const sockets: (SignalingSocket & {
    events: SignalingEvents;
    offers: string[];
    closed: boolean;
    fresh: boolean;
  })[] = [];
  /** What the data channel carried, and what was published. */
  const sent: Record<string, unknown>[] = [];
  const published: Record<string, unknown>[] = [];
  const cloud = {
    /** With what the API refuses, or null. */
    viewer: null as ApiError | null,
    publish: null as ApiError | null,
    token: 't1' as string | null,
    renewed: 't2' as string | null,
    calls: 0,
  };
  const link = new CloudLink(
    {
      phase: (phase) => phases.push(phase),
      message: (message) => messages.push(message),
      signaling: (servers) => iceServers.push(servers),
    },
    {
      api: {
        async viewer() {
          cloud.calls += 1;
          if (cloud.viewer) throw cloud.viewer;
          return ACCESS;
        },
        async publish(_robot, text) {
          if (cloud.publish) throw cloud.publish;
          published.push(JSON.parse(text));
        },
      },
      tokens: {
        token: async () => cloud.token,
        async renew() {
          cloud.token = cloud.renewed;
          return cloud.renewed;
        },
      },
      signaling(_access, events) {
        const offers: string[] = [];
        const socket = {
          events,
          offers,
          closed: false,
          fresh: true,
          offer: (sdp: string) => void offers.push(sdp),
          candidate: () => true,
          close() {
            socket.closed = true;
          },
        };
        sockets.push(socket);
        return socket;
      },
      nowMs: time.nowMs,
      after: time.after,
    },
  );
  const channel = (text: string) => {
    sent.push(JSON.parse(text));
    return true;
  };
  const says = (message: ServerMessage) => link.onChannelMessage(JSON.stringify(message));
  return {
    ...time,
    link,
    cloud,
    phases,
    messages,
    iceServers,
    sockets,
    sent,
    published,
    channel,
    says,
    phase: () => phases.at(-1)!,
    /** Up to a data channel that the robot has let the person on. */
    async open() {
      link.start('rover');
      await time.settle();
      sockets.at(-1)!.events.opened();
      link.onChannel(channel);
      await time.settle();
      says({ hello: HELLO });
    },
    /** The robot's states, ten a second. */
    async live(ms: number) {
      for (let passed = 0; passed < ms; passed += 100) {
        await time.pass(100);
        link.onChannelMessage('{"state":{}}');
      }
    },
  };
}

export const refusal = (kind: ApiError['kind'], message: string = kind) => new ApiError(kind, kind, message);
