import { ConfigError } from '../../config/error.ts';
import { compareConfigs } from '../../config/live.ts';
import type { Config } from '../../config/schema.ts';
import type { Robot } from '../robot.ts';
import type { Logger } from '../telemetry/log.ts';

/**
 * Reads the configuration anew and lets a running robot take what it can; the log names what was taken, and what was
 * not with the reason. A configuration that is broken changes nothing.
 * @returns the configuration that holds from now on
 */
export function reload(
  current: Config,
  load: () => Config,
  robot: Pick<Robot, 'configure'>,
  logger: Logger,
): Config {
  let next: Config;
  try {
    next = load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    logger.error({ reason: error.message }, 'the configuration is broken; nothing was changed');
    return current;
  }
  const { taken, refused, config } = compareConfigs(current, next);
  robot.configure(config);
  logger.level = config.log.level;
  for (const { key, reason } of refused) {
    logger.warn({ key, reason }, `${key} needs a restart: ${reason}`);
  }
  logger.info({ taken }, taken.length === 0 ? 'nothing to take over' : `took over ${taken.join(', ')}`);
  return config;
}
