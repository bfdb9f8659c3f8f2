/** The page's composition root: builds every part and joins them. */
import type { Hello, RobotState, ServerMessage } from '../wire.ts';
import { keepAwake } from './awake.ts';
import { Drive } from './drive.ts';
import { byId } from './elements.ts';
import { Hud } from './hud.ts';
import { Gamepads } from './input/gamepad.ts';
import { Keyboard } from './input/keyboard.ts';
import { Stick } from './input/stick.ts';
import { SpeedLimit } from './limit.ts';
import { Link, type LinkPhase } from './link.ts';
import { Measurements, pictureAgeMs } from './measure.ts';
import { PairingForm, readAdmission } from './pairing.ts';
import { PictureFrame } from './picture.ts';
import { Pinger } from './pinger.ts';
import { keepToken, readToken } from './preferences.ts';
import { Counts, publishReport } from './report.ts';
import { StripReader } from './strip-reader.ts';
import { Video } from './video.ts';
import type { View } from './words.ts';

const CHECK_EVERY_MS = 250;
const REMEMBER_EVERY_MS = 1_000;
const NOTICE_MS = 4_000;
/** Nobody looks: after this long the picture is given up, so that the camera may rest. */
const HIDDEN_VIDEO_MS = 15_000;
/** Told apart by what the page does about them, or normal on a link without order: nothing for a person. */
const SILENT_CODES = ['out_of_order', 'estop', 'stale'];

const element = byId('video', HTMLVideoElement);
const cockpit = byId('cockpit', HTMLElement);
const pairing = byId('pairing', HTMLElement);

let phase: LinkPhase = { kind: 'idle' };
let hello: Hello | null = null;
let state: RobotState | null = null;
let notice: { readonly text: string; readonly untilMs: number } | null = null;
let token = readToken();

const measurements = new Measurements();
const counts = new Counts();
const stripReader = new StripReader();

const link = new Link({ phase: onPhase, message: onMessage });
const pinger = new Pinger((ping) => void link.send({ ping }), pictureAge);
const picture = new PictureFrame(element);
const video = new Video({
  element,
  send: (message) => link.send(message),
  frame: onFrame,
  ending: () => picture.freeze(),
});
const drive = new Drive({
  sendSocket: (text) => link.send(text),
  sendChannel: (text) => video.sendData(text),
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
  pairAgain: () => showPairing(null),
});
const pairingForm = new PairingForm((fresh) => {
  token = fresh;
  keepToken(fresh);
  connect();
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
  return video.channelOpen && drive.trustsChannel;
}

function onPhase(next: LinkPhase): void {
  const wasOpen = phase.kind === 'open';
  phase = next;
  if (wasOpen && next.kind !== 'open') {
    drive.linkClosed();
    pinger.stop();
    video.stop();
    state = null;
  }
  if (next.kind === 'unpaired') showPairing(next.why);
  render();
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
  if (document.visibilityState === 'visible') video.start(next.iceServers);
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

function connect(): void {
  pairing.hidden = true;
  cockpit.hidden = false;
  if (token) link.start(token);
}

function showPairing(why: string | null, code = ''): void {
  link.stop();
  cockpit.hidden = true;
  pairing.hidden = false;
  pairingForm.show(why, code);
}

/** Takes what the address brings, and clears it away: a token must not stay where it is seen and shared. */
function begin(): void {
  const admission = readAdmission(location.hash);
  if (location.hash) history.replaceState(null, '', location.pathname + location.search);
  if (admission.kind === 'code') return showPairing(null, admission.code);
  if (admission.kind === 'token') {
    token = admission.token;
    keepToken(token);
  }
  if (token) connect();
  else showPairing(null);
}

let hiddenTimer: ReturnType<typeof setTimeout> | undefined;
function onVisibility(): void {
  clearTimeout(hiddenTimer);
  if (document.visibilityState === 'hidden') {
    letGo();
    hiddenTimer = setTimeout(() => {
      video.stop();
      link.send({ videoStop: true });
    }, HIDDEN_VIDEO_MS);
    return;
  }
  link.nudge();
  video.resume();
  if (phase.kind === 'open' && hello && video.status.kind === 'off') video.start(hello.iceServers);
}

document.addEventListener('visibilitychange', onVisibility);
addEventListener('blur', letGo);
addEventListener('pagehide', letGo);
addEventListener('online', () => link.nudge());
addEventListener('hashchange', begin);
setInterval(() => {
  if (document.visibilityState === 'visible') {
    video.check(state?.video.state === 'failed');
    rememberPicture();
  }
  render();
}, CHECK_EVERY_MS);

begin();
keepAwake();
if ('serviceWorker' in navigator) {
  addEventListener('load', () => navigator.serviceWorker.register('/sw.js').catch(() => undefined));
}
