import type { RtcConfig } from 'node-datachannel';
import { DatachannelLeg, forgetUndead, type RtcModule } from './datachannel-leg.ts';
import { type IceServer, type VideoEngine, VideoError, type VideoPeer } from './engine.ts';
import { readServerUrl } from './ice.ts';
import { LegPeer } from './leg-peer.ts';

export interface DatachannelEngineOptions {
  /** Takes libdatachannel's warnings and errors. One for the whole process: the last engine's counts. */
  readonly logger?: (level: string, message: string) => void;
  /** UDP ports to use, both inclusive; any by default. */
  readonly ports?: { readonly first: number; readonly last: number };
  readonly wallMs?: () => number;
}

/** A data channel message a viewer may send, bytes; commands are at most 1 KiB. */
const MAX_DATA_MESSAGE_BYTES = 16 * 1024;

/** libdatachannel has one set of threads for the process: freed with the last engine that used it. */
let enginesInUse = 0;

/**
 * The embedded engine: libdatachannel by npm node-datachannel, loaded with the first peer and not before, since it
 * takes several MiB and threads.
 */
export function createDatachannelEngine(options: DatachannelEngineOptions = {}): VideoEngine {
  const peers = new Set<LegPeer>();
  const wallMs = options.wallMs ?? Date.now;
  let loading: Promise<RtcModule> | null = null;
  let closed: Promise<void> | null = null;

  const createPeer = async ({ iceServers }: { iceServers: readonly IceServer[] }): Promise<VideoPeer> => {
    assertOpen(closed);
    loading ??= load(options.logger);
    const module = await loading;
    assertOpen(closed);
    const config = configOf(iceServers, options.ports);
    const peer = new LegPeer({
      makeLeg: (offer, events, kept) => {
        try {
          return new DatachannelLeg(module, config, offer, events, kept, wallMs);
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new VideoError('engine_failed', `libdatachannel failed: ${why}`, { cause });
        }
      },
      onClosed: (gone) => peers.delete(gone),
    });
    peers.add(peer);
    return peer;
  };

  const close = async (): Promise<void> => {
    await Promise.all([...peers].map((peer) => peer.close()));
    const module = await loading?.catch(() => null);
    if (!module) return;
    enginesInUse -= 1;
    if (enginesInUse > 0) return;
    try {
      module.cleanup();
    } catch (cause) {
      throw new VideoError('engine_failed', 'libdatachannel did not let go of its threads', { cause });
    } finally {
      forgetUndead();
    }
  };

  return {
    name: 'datachannel',
    createPeer,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

async function load(logger: DatachannelEngineOptions['logger']): Promise<RtcModule> {
  try {
    const module = await import('node-datachannel');
    if (logger) module.initLogger('Warning', safeLogger(logger));
    enginesInUse += 1;
    return module;
  } catch (cause) {
    throw new VideoError('engine_failed', 'node-datachannel could not be loaded', { cause });
  }
}

/** An exception that leaves a listener ends the process, and a log is not worth that. */
function safeLogger(logger: NonNullable<DatachannelEngineOptions['logger']>) {
  return (level: string, message: string): void => {
    try {
      logger(level, message);
    } catch {
      // Nowhere left to tell.
    }
  };
}

function configOf(iceServers: readonly IceServer[], ports: DatachannelEngineOptions['ports']): RtcConfig {
  const servers = iceServers.flatMap((server) => server.urls.map((url) => readServerUrl(url, server)));
  return {
    iceServers: servers
      .filter((server) => server !== null)
      .map(({ hostname, port, turn }) =>
        turn ? { hostname, port, ...turn, relayType: 'TurnUdp' as const } : { hostname, port },
      ),
    maxMessageSize: MAX_DATA_MESSAGE_BYTES,
    ...(ports ? { portRangeBegin: ports.first, portRangeEnd: ports.last } : {}),
  };
}

function assertOpen(closed: Promise<void> | null): void {
  if (closed) throw new VideoError('closed', 'Expected an open engine but it is closed');
}
