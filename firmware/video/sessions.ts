import {
  asyncScheduler,
  interval,
  type Observable,
  type SchedulerLike,
  Subject,
  Subscription,
  throttleTime,
} from 'rxjs';
import type { Logger } from '../telemetry/log.ts';
import type { Camera, CameraStatus } from './camera.ts';
import { type IceServer, type VideoEngine, VideoError } from './engine.ts';
import { lowestKbps, type RateOptions } from './rate.ts';
import {
  type VideoSession,
  Viewer,
  type ViewerCallbacks,
  type ViewerHost,
  type ViewerStatus,
} from './viewer-session.ts';

export type { VideoClosed, VideoSession, ViewerCallbacks, ViewerStatus } from './viewer-session.ts';

export interface VideoSessionsOptions {
  readonly camera: Camera;
  readonly engine: VideoEngine;
  /** Sessions at the same time, 10 by default. */
  readonly maxViewers?: number;
  readonly iceServers: readonly IceServer[];
  readonly bitrate: RateOptions;
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly scheduler?: SchedulerLike;
  readonly logger?: Pick<Logger, 'info' | 'warn'>;
}

export interface VideoStatus {
  /** Connected viewers. */
  readonly viewers: number;
  /** Sessions that are open, connected or not yet. */
  readonly sessions: number;
  /** Of the camera: idle, starting, streaming or failed. */
  readonly state: CameraStatus['state'];
  readonly bitrateKbps: number;
  /** Set while the camera fails: what to tell the operator. */
  readonly error: string | null;
  readonly perViewer: readonly ViewerStatus[];
}

export interface VideoSessions {
  /**
   * Opens a session for a viewer; one that is already open under this id ends as `replaced`.
   * @param iceServers for this viewer, instead of the configured ones
   * @throws VideoError `too_many_viewers`, `video_off`, or `closed` when all of video is closed
   */
  open(viewerId: string, callbacks: ViewerCallbacks, iceServers?: readonly IceServer[]): VideoSession;
  /** Off: all sessions end and none is opened. `maxKbps`, not above what the options say, holds from now on. */
  configure(settings: { readonly enabled: boolean; readonly maxKbps: number }): void;
  /** Connected viewers. */
  readonly viewers: number;
  status(): VideoStatus;
  /** Ends all sessions. Camera and engine stay, they belong to whoever made them. */
  close(): Promise<void>;
}

/** The encoder makes at most one key frame in this time, however many viewers ask. */
export const KEY_FRAME_EVERY_MS = 300;
const CHECK_EVERY_MS = 500;
/** Smaller changes are not worth the encoder's while. */
const WORTHWHILE_CHANGE_RATIO = 0.05;

const VIDEO_OFF = { code: 'video_off', message: 'Video is switched off on this robot' } as const;

/** One camera to several viewers: it runs while somebody watches, each viewer begins with a key frame. */
export function createVideoSessions(options: VideoSessionsOptions): VideoSessions {
  const { camera, engine, logger } = options;
  const maxViewers = options.maxViewers ?? 10;
  const scheduler = options.scheduler ?? asyncScheduler;
  const viewers = new Map<string, Viewer>();
  const freeing = new Set<Promise<void>>();
  const keyFrameAsked$ = new Subject<void>();
  const always = new Subscription();
  let watching: Subscription | null = null;
  let checking: Subscription | null = null;
  let cameraStatus: CameraStatus = { state: 'idle' };
  let bitrate = options.bitrate;
  let kbps = lowestKbps([], bitrate);
  /** What viewers take their units from, where they do so by themselves. */
  let captureId: number | null = null;
  let closed = false;
  let enabled = true;

  always.add(camera.status$.subscribe((status) => (cameraStatus = status)));
  always.add(
    keyFrameAsked$
      .pipe(throttleTime(KEY_FRAME_EVERY_MS, scheduler, { leading: true, trailing: true }))
      .subscribe(() => camera.requestKeyFrame()),
  );

  const host: ViewerHost = {
    get rate() {
      return bitrate;
    },
    receiversReport: false,
    nowMs: options.nowMs,
    createPeer: (iceServers) => engine.createPeer({ iceServers }),
    askKeyFrame: () => keyFrameAsked$.next(),
    changed: () => {
      updateBitrate();
      updateCamera();
    },
    ended: (viewer, reason, freed) => {
      viewers.delete(viewer.id);
      track(freed);
      logger?.info({ viewer: viewer.id, reason }, 'video session ended');
      host.changed();
      if (viewers.size === 0) stopChecking();
    },
  };

  const connected = () => [...viewers.values()].filter((viewer) => viewer.connected);

  function updateCamera(): void {
    const wanted = [...viewers.values()].some((viewer) => viewer.wantsPictures);
    if (wanted && !watching) {
      camera.setBitrateKbps(kbps);
      watching = engine.takesCaptures && camera.captures$ ? attach(camera.captures$) : forward();
    } else if (!wanted && watching) {
      watching.unsubscribe();
      watching = null;
    }
  }

  function forward(): Subscription {
    return camera.accessUnits$.subscribe((unit) => {
      for (const viewer of viewers.values()) viewer.sendFrame(unit);
    });
  }

  function attach(captures$: Observable<number | null>): Subscription {
    const tell = (id: number | null) => {
      captureId = id;
      for (const viewer of viewers.values()) viewer.attachCapture(id);
    };
    const subscription = captures$.subscribe(tell);
    subscription.add(() => tell(null));
    return subscription;
  }

  function updateBitrate(): void {
    const wanted = lowestKbps(
      connected().map((viewer) => viewer.rate),
      bitrate,
    );
    const atBound = wanted === bitrate.minKbps || wanted === bitrate.maxKbps;
    const change = Math.abs(wanted - kbps);
    if (change === 0 || (change < kbps * WORTHWHILE_CHANGE_RATIO && !atBound)) return;
    kbps = wanted;
    if (watching) camera.setBitrateKbps(kbps);
  }

  function startChecking(): void {
    checking ??= interval(CHECK_EVERY_MS, scheduler).subscribe(() => {
      for (const viewer of [...viewers.values()]) viewer.checkDeadlines();
    });
  }

  function stopChecking(): void {
    checking?.unsubscribe();
    checking = null;
  }

  function track(freed: Promise<void>): void {
    const over = freed
      .catch((error: unknown) => logger?.warn({ error: String(error) }, 'a viewer could not be freed'))
      .then(() => void freeing.delete(over));
    freeing.add(over);
  }

  const open: VideoSessions['open'] = (viewerId, callbacks, iceServers = options.iceServers) => {
    if (closed) throw new VideoError('closed', 'Expected open video sessions but they are closed');
    if (!enabled) throw new VideoError(VIDEO_OFF.code, VIDEO_OFF.message);
    const before = viewers.get(viewerId);
    if (!before && viewers.size >= maxViewers) {
      throw new VideoError(
        'too_many_viewers',
        `Expected at most ${maxViewers} viewers but received one more`,
      );
    }
    before?.closeFor({ code: 'replaced', message: 'The same viewer opened the video anew' });
    const viewer = new Viewer(viewerId, callbacks, host, iceServers);
    viewer.attachCapture(captureId);
    viewers.set(viewerId, viewer);
    startChecking();
    logger?.info({ viewer: viewerId }, 'video session opened');
    return viewer;
  };

  return {
    open,
    configure: (settings) => {
      const { minKbps, maxKbps } = options.bitrate;
      bitrate = { ...options.bitrate, maxKbps: Math.min(Math.max(settings.maxKbps, minKbps), maxKbps) };
      for (const viewer of viewers.values()) viewer.clampRate();
      enabled = settings.enabled;
      if (!enabled) for (const viewer of [...viewers.values()]) viewer.closeFor(VIDEO_OFF);
      updateBitrate();
    },
    get viewers() {
      return connected().length;
    },
    status: () => ({
      viewers: connected().length,
      sessions: viewers.size,
      state: cameraStatus.state,
      bitrateKbps: kbps,
      error: cameraStatus.state === 'failed' ? cameraStatus.error.message : null,
      perViewer: [...viewers.values()].map((viewer) => viewer.status()),
    }),
    close: async () => {
      closed = true;
      const reason = { code: 'robot_closing', message: 'The robot is shutting down' } as const;
      for (const viewer of [...viewers.values()]) viewer.closeFor(reason);
      await Promise.all(freeing);
      always.unsubscribe();
    },
  };
}
