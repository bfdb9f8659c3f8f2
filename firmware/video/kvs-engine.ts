import { loadAddon } from '../../native/addon.ts';
import type { KvsAddon, KvsIceServer, KvsLogLine } from '../../native/kvs-addon.ts';
import { type IceServer, type VideoEngine, VideoError, type VideoPeer } from './engine.ts';
import { KvsLeg } from './kvs-leg.ts';
import { KvsError } from './kvs-status.ts';
import { LegPeer } from './leg-peer.ts';

export interface KvsEngineOptions {
  /** Takes the SDK's warnings and errors. One for the whole process: the last engine's counts. */
  readonly logger?: (line: KvsLogLine) => void;
  /** For tests: another addon. */
  readonly addon?: () => KvsAddon | null;
}

export const KVS_ABSENT =
  'the addon was compiled without the KVS WebRTC C SDK: build and install the SDK (1.14 or later, with ' +
  '-DBUILD_STATIC_LIBS=ON); then run `KVS_WEBRTC_PREFIX=FOLDER npm start`, or on an installed robot install.sh with ' +
  '--kvs-sdk FOLDER';

/** Limits of the SDK. */
const MAX_ICE_SERVERS = 21;
const MAX_URL_BYTES = 127;
const MAX_CREDENTIAL_BYTES = 256;

/** Whether the addon has the engine compiled in. @throws AddonMissingError when there is no addon at all */
export function kvsCompiledIn(): boolean {
  return loadAddon().kvs !== null;
}

/** Amazon's KVS WebRTC C SDK, in the addon; the SDK is initialised with the first peer. */
export function createKvsEngine(options: KvsEngineOptions = {}): VideoEngine {
  const peers = new Set<LegPeer>();
  let addon: KvsAddon | null = null;
  let closed: Promise<void> | null = null;

  const createPeer = async ({ iceServers }: { iceServers: readonly IceServer[] }): Promise<VideoPeer> => {
    if (closed) throw new VideoError('closed', 'Expected an open engine but it is closed');
    addon ??= prepare(options);
    const prepared = addon;
    const servers = kvsIceServers(iceServers);
    const peer = new LegPeer({
      makeLeg: (offer, events, kept) => new KvsLeg(prepared, servers, offer, events, kept),
      onClosed: (gone) => peers.delete(gone),
    });
    peers.add(peer);
    return peer;
  };

  const close = async (): Promise<void> => {
    await Promise.all([...peers].map((peer) => peer.close()));
  };

  return {
    name: 'kvs',
    takesCaptures: true,
    createPeer,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function prepare({ logger, addon }: KvsEngineOptions): KvsAddon {
  const kvs = (addon ?? (() => loadAddon().kvs))();
  if (kvs === null) throw new VideoError('engine_failed', `The engine kvs is absent: ${KVS_ABSENT}`);
  if (logger) kvs.logTo(logger);
  try {
    kvs.prepare();
  } catch (thrown) {
    const { call = 'initKvsWebRtc', status = 0 } = thrown as { call?: string; status?: number };
    const cause = new KvsError(call, status);
    throw new VideoError('engine_failed', cause.message, { cause });
  }
  return kvs;
}

/** One entry a URL; those the SDK can't use are left out. */
function kvsIceServers(iceServers: readonly IceServer[]): KvsIceServer[] {
  return iceServers
    .flatMap(({ urls, username = '', credential = '' }) =>
      urls.map((url) => ({ url: url.trim(), username, credential })),
    )
    .filter(({ url, username, credential }) => {
      const stun = /^stun:[^[\]\s?]+$/.test(url);
      const turn =
        /^turns?:[^[\]\s?]+(\?transport=(udp|tcp))?$/.test(url) && username !== '' && credential !== '';
      return (
        (stun || turn) &&
        Buffer.byteLength(url) <= MAX_URL_BYTES &&
        Buffer.byteLength(username) <= MAX_CREDENTIAL_BYTES &&
        Buffer.byteLength(credential) <= MAX_CREDENTIAL_BYTES
      );
    })
    .slice(0, MAX_ICE_SERVERS);
}
