import type { Hello, RobotState } from '../wire.ts';
import type { LinkPhase } from './robot-link.ts';
import type { VideoStatus } from './video-watch.ts';

/** Everything the page knows at a moment. */
export interface View {
  readonly link: LinkPhase;
  /** The robot's, as far as known before it says it itself. */
  readonly name: string;
  readonly hello: Hello | null;
  /** Null while the link is down: what was last heard says nothing about now. */
  readonly state: RobotState | null;
  readonly video: VideoStatus;
  readonly roundTripMs: number | null;
  readonly videoDelayMs: number | null;
  readonly framesPerS: number;
  readonly channelInUse: boolean;
  readonly estopWaiting: boolean;
  /** The robot's answer to something this page asked for, shown for a while. */
  readonly notice: string | null;
}

/** `good` is the normal case; the others are told by colour, sign and words. */
export type Level = 'good' | 'info' | 'limit' | 'stop' | 'estop' | 'link';

export interface Line {
  readonly level: Level;
  readonly text: string;
}

/** Why the robot stands still, or what it does: worst first, never empty. */
export function situation(view: View): readonly Line[] {
  const { link, hello, state, notice } = view;
  if (link.kind !== 'open' || hello === null || state === null) {
    const lines: Line[] = [{ level: 'link', text: linkText(link) }];
    if (link.kind === 'oneWay' && notice !== null) lines.push({ level: 'info', text: notice });
    if (view.estopWaiting) {
      lines.unshift({
        level: 'estop',
        text: 'Emergency stop: sent as soon as the robot answers. Without a link it stops by itself.',
      });
    }
    return lines;
  }
  const lines: Line[] = state.reasons.map(({ severity, text }) => ({ level: severity, text }));
  if (notice !== null && !lines.some(({ text }) => text === notice)) {
    const worse = lines.findIndex(({ level }) => level === 'info');
    lines.splice(worse < 0 ? lines.length : worse, 0, { level: 'info', text: notice });
  }
  if (lines.length === 0) {
    const text = drives(view) ? 'You drive.' : `${state.operator?.name ?? 'Somebody'} drives.`;
    lines.push({ level: 'good', text });
  }
  return lines;
}

export function linkText(link: LinkPhase): string {
  switch (link.kind) {
    case 'idle':
      return 'Not connected.';
    case 'open':
      return 'Connected.';
    case 'connecting':
      return link.why === null ? 'Connecting to the robot.' : `${link.why} Trying again now.`;
    case 'oneWay':
      return `${link.why} You can drive by messages through the cloud: slower, and without a word back from the robot.`;
    case 'waiting':
      return `${link.why} Trying again in ${Math.ceil(link.retryInMs / 1000)} s.`;
    case 'unpaired':
      return link.why;
  }
}

/** A few words for the chip that is always in view. */
export function linkShort({ link, channelInUse }: View): Line {
  if (link.kind === 'open') {
    return { level: 'good', text: channelInUse ? 'Data channel' : 'WebSocket' };
  }
  if (link.kind === 'oneWay') return { level: 'link', text: 'Messages' };
  return { level: 'link', text: link.kind === 'connecting' && link.why === null ? 'Connecting' : 'No link' };
}

/** Whether this page holds the robot. */
export function drives({ hello, state }: View): boolean {
  return hello !== null && state?.operator?.id === hello.you.id;
}

export function mayDrive({ hello }: View): boolean {
  return hello?.you.role === 'operator';
}

/** Whether a hand on a control may move something now, as far as the link goes. */
export function steers({ link, state }: View): boolean {
  return link.kind === 'oneWay' ? link.terms.role === 'operator' : state !== null;
}

/** Whether somebody else holds the robot. */
export function watches(view: View): boolean {
  return view.state !== null && (!mayDrive(view) || (view.state.operator !== null && !drives(view)));
}

export function whoDrives(view: View): string {
  if (view.state === null) return '';
  if (drives(view)) return 'You drive';
  const { operator } = view.state;
  const who = operator
    ? `${operator.name}${operator.link === 'cloud' ? ' (cloud)' : ''} drives`
    : 'Nobody drives';
  return mayDrive(view) ? who : `${who}. You watch`;
}

/** Whether a reset would release something: the emergency stop, or a fault that stays until then. */
export function resettable(view: View): boolean {
  const { state } = view;
  if (state === null || !mayDrive(view)) return false;
  return (
    state.estop || state.reasons.some(({ severity, code }) => severity === 'stop' && code !== 'release_first')
  );
}

/** What lies over the picture when there is none, or an old one. */
export function pictureText({ link, state, video }: View): string | null {
  if (link.kind !== 'open' && link.kind !== 'oneWay')
    return link.kind === 'connecting' && link.why === null ? 'Connecting' : 'No link';
  if (state?.video.error) return state.video.error;
  switch (video.kind) {
    case 'live':
      return null;
    case 'frozen':
      return `The picture is ${(video.forMs / 1000).toFixed(0)} s old`;
    case 'starting':
      return 'Waiting for the picture';
    case 'waiting':
      return `${sentence(video.why)} Trying again.`;
    case 'off':
      return video.why ?? 'No picture';
  }
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`;
}

export interface Gauge {
  readonly value: string;
  readonly unit: string;
  readonly level: 'good' | 'limit' | 'stop';
  /** Said beside the value when the level is not good. */
  readonly remark: string;
}

const UNKNOWN: Gauge = { value: '–', unit: '', level: 'good', remark: '' };

function gauge(value: string, unit: string, level: Gauge['level'] = 'good', remark = ''): Gauge {
  return { value, unit, level, remark: level === 'good' ? '' : remark };
}

export function batteryGauge({ state }: View): Gauge {
  const { ratio = null, volts = null } = state?.battery ?? {};
  if (ratio === null) return volts === null ? UNKNOWN : gauge(volts.toFixed(1), 'V');
  const value = String(Math.round(ratio * 100));
  if (hasReason(state, 'battery_empty')) return gauge(value, '%', 'stop', 'empty');
  if (hasReason(state, 'battery_low')) return gauge(value, '%', 'limit', 'low');
  return gauge(value, '%');
}

/** Null where the robot can't tell: then there is nothing to show. */
export function processorGauge({ state }: View): Gauge | null {
  const { cpuCelsius } = state?.samples ?? {};
  if (cpuCelsius === undefined) return null;
  const value = cpuCelsius.toFixed(0);
  if (hasReason(state, 'cpu_slowed')) return gauge(value, '°C', 'limit', 'slowed');
  if (hasReason(state, 'cpu_hot')) return gauge(value, '°C', 'limit', 'hot');
  return gauge(value, '°C');
}

/** The robot judges by its configuration; the page doesn't know the bounds. */
function hasReason(state: RobotState | null, wanted: string): boolean {
  return state?.reasons.some(({ code }) => code === wanted) ?? false;
}

/** Of full speed, signed: the mean of both wheels, or how fast it turns on the spot. */
export function speedGauge({ state }: View): Gauge {
  if (!state) return UNKNOWN;
  const { left, right } = state.wheels;
  return gauge(String(Math.round(Math.max(Math.abs(left), Math.abs(right)) * 100)), '%');
}

export function roundTripGauge({ roundTripMs }: View): Gauge {
  if (roundTripMs === null) return UNKNOWN;
  const level = roundTripMs > 400 ? 'stop' : roundTripMs > 150 ? 'limit' : 'good';
  return gauge(roundTripMs < 10 ? roundTripMs.toFixed(1) : roundTripMs.toFixed(0), 'ms', level, 'slow');
}

export function videoDelayGauge({ videoDelayMs }: View): Gauge {
  if (videoDelayMs === null) return UNKNOWN;
  const level = videoDelayMs > 500 ? 'stop' : videoDelayMs > 200 ? 'limit' : 'good';
  return gauge(Math.max(0, videoDelayMs).toFixed(0), 'ms', level, 'late');
}

export function frameRateGauge({ framesPerS, video }: View): Gauge {
  if (video.kind === 'off' || video.kind === 'starting') return UNKNOWN;
  const level = framesPerS < 5 ? 'stop' : framesPerS < 15 ? 'limit' : 'good';
  return gauge(String(framesPerS), '/s', level, 'jerky');
}

/** What is read out to those who don't see the page: changes that matter, not every value (those are in brackets). */
export function announcement(view: View): string {
  const lines = situation(view).filter(({ level }) => !['good', 'info'].includes(level));
  const steady = lines.map(({ text }) => text.replaceAll(/ \([^)]*\)/g, ''));
  return [...steady, whoDrives(view)].filter((text) => text !== '').join(' ');
}
