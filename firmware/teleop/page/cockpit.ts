import type { Hello, RobotState, ServerMessage } from '../wire.ts';
import { watchAttention } from './attention.ts';
import { keepAwake } from './awake.ts';
import { Drive } from './drive.ts';
import { byId } from './elements.ts';
import { Hud } from './hud.ts';
import { Gamepads } from './input/gamepad.ts';
import { Keyboard } from './input/keyboard.ts';
import { Stick } from './input/stick.ts';
import { SpeedLimit } from './limit.ts';
import { Measurements, pictureAgeMs } from './measure.ts';
import { PictureFrame } from './picture.ts';
import { Pinger } from './pinger.ts';
import { Counts, publishReport } from './report.ts';
import type { LinkEvents, LinkPhase, RobotLink } from './robot-link.ts';
import { StripReader } from './strip-reader.ts';
import { Video } from './video.ts';
import type { View } from './words.ts';

const CHECK_EVERY_MS = 250;
const REMEMBER_EVERY_MS = 1_000;
const NOTICE_MS = 4_000;
/** Where nothing is heard of the robot: its default watchdog. */
const BLIND = { watchdogMs: 400, blind: true } as const;
/** Told apart by what the page does about them, or normal on a link without order: nothing for a person. */
const SILENT_CODES = ['out_of_order', 'estop', 'stale'];

export interface CockpitOptions<L extends RobotLink> {
  /** Makes the way to the robot. It starts nothing yet. */
  readonly link: (events: LinkEvents) => L;
  /** The link is not accepted any more; the cockpit is of no use until it is again. */
  readonly unpaired: (why: string) => void;
  /** Offered to who may only watch, where another pairing could change that. */
  readonly pairAgain?: () => void;
}

export interface Cockpit<L extends RobotLink> {
  readonly link: L;
  /** @param robot its name until it says it itself */
  show(robot?: string): void;
  /** Stops driving and ends the link. */
  hide(): void;
  /** Tells the person something for a while. */
  say(text: string): void;
}

/** Everything from hand to link and from link to eye, whatever the link is. Once in a page. */
export function createCockpit<L extends RobotLink>(options: CockpitOptions<L>): Cockpit<L> {
  const element = byId('video', HTMLVideoElement);
  const cockpit = byId('cockpit', HTMLElement);

  let phase: LinkPhase = { kind: 'idle' };
  let hello: Hello | null = null;
  let state: RobotState | null = null;
  let notice: { readonly text: string; readonly untilMs: number } | null = null;
  let name = 'Robot';
  let iceServers: Hello['iceServers'] | null = null;

  const measurements = new Measurements();
  const counts = new Counts();
  const stripReader = new StripReader();

  const link = options.link({ phase: onPhase, message: onMessage, signaling: onSignaling });
  const pinger = new Pinger((ping) => void link.send({ ping }), pictureAge);
  const picture = new PictureFrame(element);
  const video = new Video({
    element,
    send: (message) => link.send(message),
    frame: onFrame,
    ending: () => picture.freeze(),
    channel: (open) => link.onChannel(open ? (text) => video.sendData(text) : null),
    channelMessage: (text) => link.onChannelMessage(text),
  });
  const drive = new Drive({
    sendSocket: (text) => link.send(text),
    sendChannel: (text) => link.channelReady && video.sendData(text),
    nowMs: () => performance.now(),
    robotWallMs: () => pinger.clock.wallMs(performance.now()),
    after: (ms, call) => {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
    sent: (command) => {
      counts.onSent(command);
      if (command.kind === 'drive') measurements.onCommandSent(command.seq, command.atMs);
      else measurements.onStopSent();
      render();
    },
    blocked: say,
  });

  const keyboard = new Keyboard({
    active: () => !cockpit.hidden,
    moved: (velocity) => drive.move('keyboard', velocity),
    stopped: emergencyStop,
  });
  const stick = new Stick(byId('stick', HTMLElement), (velocity) => drive.move('stick', velocity));
  new Gamepads({
    moved: (velocity) => drive.move('gamepad', velocity),
    stopped: emergencyStop,
    lost: () => {
      letGo();
      say('The gamepad is gone.');
    },
  });
  new SpeedLimit((ratio) => drive.setLimit(ratio));

  const hud = new Hud({
    emergencyStop,
    reset: () => {
      if (!drive.reset()) say('Not reset: the robot does not answer.');
      render();
    },
    takeOver: () => void link.send({ takeOver: true }),
    release: () => {
      drive.halt();
      link.send({ release: true });
    },
    ...(options.pairAgain ? { pairAgain: options.pairAgain } : {}),
  });
  publishReport({
    link,
    drive,
    video,
    element,
    measurements,
    counts,
    now: () => ({
      phase: phase.kind,
      state,
      you: hello?.you ?? null,
      transport: phase.kind !== 'open' ? null : channelInUse() ? 'channel' : 'socket',
    }),
  });

  function emergencyStop(): void {
    if (cockpit.hidden) return;
    drive.emergencyStop();
    render();
  }

  /** Nothing that is held survives this: the person must press again. */
  function letGo(): void {
    drive.halt();
    keyboard.clear();
    stick.clear();
  }

  function say(text: string): void {
    notice = { text, untilMs: performance.now() + NOTICE_MS };
    render();
  }

  function channelInUse(): boolean {
    return link.channelReady && video.channelOpen && drive.trustsChannel;
  }

  function onPhase(next: LinkPhase): void {
    const before = phase;
    phase = next;
    if (before.kind !== next.kind) {
      if (before.kind === 'open') pinger.stop();
      if (before.kind === 'open' || before.kind === 'oneWay') leave(next);
      if (next.kind === 'oneWay')
        drive.linkOpened({ you: { id: '', role: next.terms.role }, ...BLIND, ...next.terms });
    }
    if (next.kind === 'unpaired') options.unpaired(next.why);
    render();
  }

  /** What was heard says nothing about now. The picture has a life of its own, as long as anything gets through. */
  function leave(next: LinkPhase): void {
    drive.linkClosed();
    state = null;
    if (next.kind === 'open' || next.kind === 'oneWay') return;
    iceServers = null;
    video.stop();
  }

  function onSignaling(servers: Hello['iceServers']): void {
    iceServers = servers;
    if (document.visibilityState === 'visible') video.start(servers);
  }

  function onMessage(message: ServerMessage): void {
    if ('state' in message) {
      state = message.state;
      drive.onState(state);
      render();
    } else if ('hello' in message) {
      onHello(message.hello);
    } else if ('pong' in message) {
      measurements.onRoundTrip(pinger.onPong(message.pong));
    } else if ('answer' in message || 'candidate' in message) {
      video.onMessage(message);
    } else if ('videoClosed' in message) {
      video.onClosed(message.videoClosed);
    } else if ('code' in message) {
      onRefusal(message);
    }
  }

  function onHello(next: Hello): void {
    hello = next;
    pinger.start();
    drive.linkOpened(next);
    picture.hideStrip(next.strip);
  }

  function onRefusal({ code, message, seq }: { code: string; message: string; seq?: number }): void {
    counts.onRefusal(code);
    if (seq !== undefined) measurements.onCommandRefused(seq);
    if (code === 'stale') pinger.ask();
    if (!SILENT_CODES.includes(code)) say(message);
  }

  function onFrame({ rtpTimestamp }: VideoFrameCallbackMetadata): void {
    const nowMs = performance.now();
    picture.thaw();
    const robotUs = pinger.clock.robotUs(nowMs);
    const known = rtpTimestamp !== undefined && robotUs !== null;
    measurements.onFrame(nowMs, known ? pictureAgeMs(rtpTimestamp, robotUs) : null);
    if (!hello?.strip) return;
    const strip = stripReader.read(element);
    if (strip) measurements.onStrip(strip, nowMs);
  }

  /** Of the picture that somebody looks at; a camera that fails is told of by the robot itself. */
  function pictureAge(): number | null {
    const unseen = document.visibilityState === 'hidden' || video.status.kind === 'off';
    return unseen || state?.video.state === 'failed' ? null : measurements.pictureAgeMs(performance.now());
  }

  let rememberedMs = 0;
  function rememberPicture(): void {
    const nowMs = performance.now();
    if (video.status.kind !== 'live' || nowMs - rememberedMs < REMEMBER_EVERY_MS) return;
    rememberedMs = nowMs;
    picture.remember();
  }

  let renderAsked = false;
  function render(): void {
    if (renderAsked) return;
    renderAsked = true;
    requestAnimationFrame(() => {
      renderAsked = false;
      const nowMs = performance.now();
      const open = phase.kind === 'open';
      const view: View = {
        link: phase,
        name,
        hello,
        state,
        video: video.status,
        roundTripMs: open ? measurements.lastRoundTripMs : null,
        videoDelayMs: open ? measurements.videoDelayMs(nowMs) : null,
        framesPerS: measurements.framesPerS(nowMs),
        channelInUse: channelInUse(),
        estopWaiting: drive.estopWaiting,
        notice: notice && notice.untilMs > nowMs ? notice.text : null,
      };
      hud.show(view);
      stick.follow(drive.velocity);
    });
  }

  watchAttention({
    lost: letGo,
    hiddenLong: () => {
      video.stop();
      link.send({ videoStop: true });
    },
    // Said now, the end of the connection is known to the robot at once; else it waits for the network to tell.
    left: () => video.stop(),
    back: () => {
      link.nudge();
      video.resume();
      if (iceServers && video.status.kind === 'off') video.start(iceServers);
    },
    online: () => link.nudge(),
  });
  setInterval(() => {
    if (document.visibilityState === 'visible') {
      video.check(state?.video.state === 'failed');
      rememberPicture();
    }
    render();
  }, CHECK_EVERY_MS);

  keepAwake();

  return {
    link,
    show(robot = 'Robot') {
      name = robot;
      cockpit.hidden = false;
    },
    hide() {
      letGo();
      link.stop();
      video.stop();
      iceServers = null;
      hello = null;
      notice = null;
      cockpit.hidden = true;
    },
    say,
  };
}
