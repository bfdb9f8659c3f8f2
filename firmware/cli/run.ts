import { createLogger, type Logger } from '../telemetry/log.ts';
import { type ConfigArguments, configurationOf } from './configuration.ts';
import { CommandLineError, EXIT, type ExitCode } from './exit.ts';
import { reload } from './reload.ts';

export interface RunArguments extends ConfigArguments {
  readonly simulate?: boolean;
  readonly port?: string;
  readonly host?: string;
}

/** A handle somebody forgot must not keep a stopped robot's process. */
const LINGER_MS = 2000;
/** One Ctrl-C comes several times: from the terminal and from every `npm` in between. */
const SAME_SIGNAL_MS = 500;

/** Whether a service manager started this: its journal is no place for pairing codes, and SIGHUP means to reload. */
const isService = process.env.NOTIFY_SOCKET !== undefined;

/**
 * Runs the robot until SIGINT or SIGTERM, prints the address to open as its one line on standard output, and
 * logs to standard error. The robot is closed in order; a second signal ends the process at once.
 */
export async function run(options: RunArguments): Promise<ExitCode> {
  const load = () =>
    configurationOf(options, {
      'robot.simulate': options.simulate,
      'teleop.port': options.port,
      'teleop.host': options.host,
    }).config;
  let config = load();
  const logger = createLogger(config.log);
  const ended = endOf(logger);
  const { startRobot } = await import('../robot.ts');
  const robot = await startRobot(config, { logger }).catch((error: NodeJS.ErrnoException) => {
    if (['DriveError', 'GuardianError'].includes(error.name))
      throw new CommandLineError(EXIT.failed, error.message, { cause: error });
    if (error.code !== 'EADDRINUSE') throw error;
    throw new CommandLineError(
      EXIT.failed,
      `Port ${config.teleop.port} is taken by another program, maybe another roverd. --port chooses another.`,
      { cause: error },
    );
  });
  console.log(`Open ${isService ? robot.url : robot.address}`);
  if (isService) {
    process.on('SIGHUP', () => {
      config = reload(config, load, robot, logger);
    });
  }
  robot.notify('READY=1');

  const exitCode = await ended;
  robot.notify('STOPPING=1');
  await robot.close();
  logger.info('stopped');
  setTimeout(() => process.exit(exitCode), LINGER_MS).unref();
  return exitCode;
}

/** Resolves on the first signal (0) or on an error nobody caught (1): in both cases the robot is to be closed. */
function endOf(logger: Logger): Promise<ExitCode> {
  return new Promise((resolve) => {
    let endingSinceMs: number | null = null;
    const onSignal = (forcedExitCode: number) => () => {
      if (endingSinceMs === null) {
        endingSinceMs = performance.now();
        resolve(EXIT.ok);
      } else if (performance.now() - endingSinceMs > SAME_SIGNAL_MS) process.exit(forcedExitCode);
    };
    // Not SIGHUP's default: a closed terminal would end the process without stopping the motors.
    process.on('SIGHUP', isService ? () => undefined : onSignal(129));
    process.on('SIGINT', onSignal(130));
    process.on('SIGTERM', onSignal(143));
    process.on('uncaughtException', (err) => {
      logger.fatal({ err }, 'unexpected error; stopping');
      resolve(EXIT.failed);
    });
  });
}
