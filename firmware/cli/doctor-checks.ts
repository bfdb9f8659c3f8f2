import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../config/paths.ts';
import { isSimulated } from '../../config/rules.ts';
import type { Config } from '../../config/schema.ts';
import { type CaptureSource as AddonSource, type CaptureOptions, loadAddon } from '../../native/addon.ts';
import { guardianProgram } from '../drive/guarded-drivetrain.ts';
import { openTokenStore } from '../teleop/tokens.ts';
import { chooseSource } from '../video/capture-source.ts';
import { ask } from './client.ts';
import { ownAddress } from './robot-at.ts';

export interface Finding {
  readonly what: string;
  readonly detail: string;
  /** What to do; there is one when it is broken, and only then. */
  readonly mend?: string;
  /** What would be better, where nothing is broken. */
  readonly advice?: string;
}

const MIN_NODE = { major: 20, minor: 19 } as const;
/** The first picture of a slow camera, and GStreamer's first look through its plug-ins, take seconds. */
const FIRST_PICTURE_MS = 15_000;
const ANSWER_MS = 1000;
const BUILD = 'run `npm start` once in the folder of roverd; it installs and builds what is missing';

export function checkNode(version: string = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fits = major > MIN_NODE.major || (major === MIN_NODE.major && minor >= MIN_NODE.minor);
  const mend = `install Node ${MIN_NODE.major}.${MIN_NODE.minor} or later: https://nodejs.org/en/download`;
  return { what: 'Node', detail: version, ...(!fits && { mend }) };
}

export function checkStateDir({ robot }: Config): Finding {
  const what = 'state folder';
  try {
    mkdirSync(robot.stateDir, { recursive: true, mode: 0o700 });
    accessSync(robot.stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
    openTokenStore(robot.stateDir);
    return { what, detail: robot.stateDir };
  } catch (error) {
    const mend = `make ${robot.stateDir} writable for this user, or set robot.stateDir to a folder that is`;
    return { what, detail: (error as Error).message, mend };
  }
}

export function checkPage(): Finding {
  const page = join(packageRoot(), 'dist/page/index.html');
  return existsSync(page)
    ? { what: 'page', detail: page }
    : { what: 'page', detail: `${page} is missing`, mend: BUILD };
}

/** Runs it, for what this user may have of the kernel: priority over everything else, and memory that stays. */
export function checkGuardian(): Finding {
  const what = 'guardian';
  const program = guardianProgram();
  const { status, stdout, error } = spawnSync(program, ['--check'], { encoding: 'utf8', timeout: ANSWER_MS });
  if (status !== 0) {
    return { what, detail: error?.message ?? `${program} ends with ${status}`, mend: BUILD };
  }
  const realtime = stdout.includes('realtime=yes');
  const locked = stdout.includes('locked=yes');
  const detail = `${realtime ? 'real-time priority' : 'no real-time priority'}, ${locked ? 'memory locked' : 'memory not locked'}`;
  if (realtime && locked) return { what, detail };
  const limits = [...(realtime ? [] : ['LimitRTPRIO=20']), ...(locked ? [] : ['LimitMEMLOCK=16M'])].join(
    ' and ',
  );
  const advice = `on a busy machine it may react late: set ${limits} in the service's unit, or sudo setcap cap_sys_nice,cap_ipc_lock+ep ${program}`;
  return { what, detail, advice };
}

/** Free, or a robot answers there already. */
export async function checkPort(
  config: Config,
): Promise<{ readonly finding: Finding; readonly robotAnswers: boolean }> {
  const { host, port } = config.teleop;
  const what = `port ${port}`;
  if (port === 0) return { finding: { what, detail: 'any free one will be taken' }, robotAnswers: false };
  try {
    await listenOnce(host, port);
    return { finding: { what, detail: 'free' }, robotAnswers: false };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EADDRINUSE') {
      const mend = 'set teleop.host to an address of this machine, and teleop.port to 1024 or more';
      return { finding: { what, detail: message, mend }, robotAnswers: false };
    }
  }
  if (await answersAsRobot(config))
    return { finding: { what, detail: 'a robot answers' }, robotAnswers: true };
  const mend = `end the program that has it (ss -tlnp 'sport = :${port}' tells), or set teleop.port to another`;
  return { finding: { what, detail: 'taken by a program that is no robot', mend }, robotAnswers: false };
}

/** Makes and closes one WebRTC peer; says which engine it is, and why. */
export async function checkEngine({ video }: Config): Promise<Finding> {
  const what = 'WebRTC engine';
  try {
    const { createEngine, chooseEngine } = await import('../video/open-engine.ts');
    const { name, why } = chooseEngine(video.engine);
    const engine = createEngine(name);
    try {
      await (await engine.createPeer({ iceServers: [] })).close();
    } finally {
      await engine.close();
    }
    return { what, detail: `${name}: ${why}` };
  } catch (error) {
    const mend = video.engine === 'kvs' ? 'do as it says, or set video.engine to auto' : BUILD;
    return { what, detail: (error as Error).message, mend };
  }
}

/** Takes a coded picture of a test pattern: addon, GStreamer with its plug-ins, and the configured encoder. */
export async function checkEncoder({ video }: Config): Promise<Finding> {
  const what = 'addon, GStreamer and encoder';
  const result = await firstPicture({ kind: 'test' }, video);
  if ('encoder' in result) return { what, detail: `${result.encoder}, first picture after ${result.ms} ms` };
  const mends: Readonly<Record<string, string>> = {
    addon_missing: BUILD,
    encoder_missing: 'sudo apt-get install gstreamer1.0-plugins-ugly (x264enc), or set video.encoder to auto',
  };
  const packages = 'gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad';
  return { what, detail: result.message, mend: mends[result.code] ?? `sudo apt-get install ${packages}` };
}

/** Takes one picture by the configured camera. */
export async function checkCamera(config: Config): Promise<Finding> {
  const what = 'camera';
  const { video } = config;
  if (!video.enabled) return { what, detail: 'switched off (video.enabled)' };
  if (isSimulated(config) && ['auto', 'simulator'].includes(video.source)) {
    return { what, detail: 'the simulator draws the pictures' };
  }
  const { source, fallback } = chooseSource(video, null);
  const missing: string[] = [];
  for (const camera of [source, fallback]) {
    if (!camera || camera.kind === 'pushed') continue;
    const result = await firstPicture(camera, video);
    if ('encoder' in result) return { what, detail: `${camera.kind}, first picture after ${result.ms} ms` };
    missing.push(`${camera.kind}: ${result.message}`);
    if (result.code !== 'camera_missing') break;
  }
  const mends: Readonly<Record<AddonSource['kind'], string>> = {
    file: 'set video.file to a video this machine can play (sudo apt-get install gstreamer1.0-libav)',
    v4l2: 'plug the camera in and set video.device (v4l2-ctl --list-devices); the user must be in the group video',
    libcamera:
      'check the cable and `rpicam-hello --list-cameras`; sudo apt-get install gstreamer1.0-libcamera; or, for the simulator, give --simulate',
    test: BUILD,
    pushed: BUILD,
  };
  return { what, detail: missing.join('; '), mend: mends[source.kind] };
}

type FirstPicture =
  | { readonly encoder: string; readonly ms: number }
  | { readonly code: string; readonly message: string };

function firstPicture(source: AddonSource, video: Config['video']): Promise<FirstPicture> {
  const startedMs = performance.now();
  const options: CaptureOptions = { ...video, source, stallMs: FIRST_PICTURE_MS };
  return new Promise((resolve) => {
    let result: FirstPicture = { code: 'pipeline_failed', message: 'the capture ended without a picture' };
    try {
      const addon = loadAddon();
      const capture = addon.startCapture(options, (event) => {
        if (event.type === 'unit') {
          const encoder = addon.captureStats(capture)?.encoder ?? '';
          if (addon.stopCapture(capture)) result = { encoder, ms: Math.round(performance.now() - startedMs) };
        } else if (event.type === 'error') {
          result = { code: event.code, message: event.message };
        } else resolve(result);
      });
    } catch (error) {
      const { code = 'pipeline_failed', message } = error as NodeJS.ErrnoException;
      resolve({ code, message });
    }
  });
}

async function answersAsRobot(config: Config): Promise<boolean> {
  try {
    const { status, body } = await ask(ownAddress(config), 'GET', '/healthz', { withinMs: ANSWER_MS });
    return status === 200 && JSON.parse(body).status === 'ok';
  } catch {
    return false;
  }
}

function listenOnce(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, host, () => server.close(() => resolve()));
  });
}
