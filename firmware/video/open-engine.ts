import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import { AddonMissingError } from '../../native/addon.ts';
import { createDatachannelEngine } from './datachannel-engine.ts';
import { type VideoEngine, VideoError } from './engine.ts';
import { createKvsEngine, KVS_ABSENT, kvsCompiledIn } from './kvs-engine.ts';

export interface EngineChoice {
  readonly name: 'kvs' | 'datachannel';
  /** Why this one, for people. */
  readonly why: string;
}

/** The SDK's level of warnings. */
const KVS_WARNING = 4;

/** @throws VideoError `engine_failed` when the one that is named is not there, saying how to get it */
export function chooseEngine(
  wanted: Config['video']['engine'],
  compiledIn: () => boolean = kvsCompiledIn,
): EngineChoice {
  if (wanted === 'datachannel') return { name: 'datachannel', why: 'video.engine names it' };
  let absent = KVS_ABSENT;
  try {
    if (compiledIn()) {
      const why = 'the addon was built with the KVS WebRTC C SDK';
      return { name: 'kvs', why: wanted === 'kvs' ? 'video.engine names it' : why };
    }
  } catch (error) {
    if (!(error instanceof AddonMissingError)) throw error;
    absent = error.message;
  }
  if (wanted === 'kvs') throw new VideoError('engine_failed', `The engine kvs is absent: ${absent}`);
  return { name: 'datachannel', why: `kvs is absent: ${absent}` };
}

/** Opens the engine the configuration asks for. @throws VideoError `engine_failed` */
export function openEngine({ video }: Config, logger: Logger): VideoEngine {
  const { name, why } = chooseEngine(video.engine);
  logger.info({ engine: name, why }, 'WebRTC engine chosen');
  return createEngine(name, (severe, message) =>
    logger[severe ? 'error' : 'warn']({ engine: name }, message),
  );
}

/** `log` takes what its library warns of. */
export function createEngine(
  name: EngineChoice['name'],
  log?: (severe: boolean, message: string) => void,
): VideoEngine {
  if (name === 'kvs') {
    return createKvsEngine(log ? { logger: ({ level, text }) => log(level > KVS_WARNING, text) } : {});
  }
  return createDatachannelEngine(
    log ? { logger: (level, message) => log(level !== 'Warning', message) } : {},
  );
}
