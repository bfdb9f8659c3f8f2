import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isLoopback } from '../../config/rules.ts';
import { guardianProgram } from '../drive/guarded-drivetrain.ts';
import { silenceFile } from '../drive/silence.ts';
import { stateDirOf } from './configuration.ts';
import { CommandLineError, EXIT } from './exit.ts';
import { publish } from './publish.ts';
import type { RobotArguments } from './robot-at.ts';

export interface StopArguments extends RobotArguments {
  readonly emergency?: boolean;
}

/** A robot that is well answers within milliseconds. */
const ANSWER_WITHIN_MS = 1000;
/** The guardian gives up after 2 s. */
const SILENCED_WITHIN_MS = 5000;

/**
 * Stops the robot. Where none takes it (none runs, it is frozen, or can't even be asked), the motors of this machine
 * are silenced by the steps that the last one left.
 * @throws CommandLineError when the robot refuses, or when neither way works
 */
export async function stop(options: StopArguments): Promise<void> {
  try {
    const message = options.emergency ? ({ estop: true } as const) : ({ action: 'stop' } as const);
    await publish(message, { ...options, withinMs: ANSWER_WITHIN_MS });
  } catch (error) {
    if (!isOfThisMachine(options) || isAnswer(error)) throw error;
    silence(silenceFile(stateDirOf(options)), error);
    if (options.emergency) console.log('The emergency stop is not latched: no robot took it.');
  }
}

/** The robot's own word, or a command that was not meant so. */
function isAnswer(error: unknown): boolean {
  return (
    error instanceof CommandLineError && (error.exitCode === EXIT.refused || error.exitCode === EXIT.usage)
  );
}

function isOfThisMachine(options: RobotArguments): boolean {
  const url = options.url ?? process.env.ROVERD_URL;
  return !url || (URL.canParse(url) && isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, '')));
}

function silence(file: string, cause: unknown): void {
  const why = cause instanceof Error ? cause.message : String(cause);
  const exitCode = cause instanceof CommandLineError ? cause.exitCode : EXIT.failed;
  // Not wrapped: a configuration that is broken is told as such.
  if (!existsSync(file) && !(cause instanceof CommandLineError)) throw cause;
  if (!existsSync(file)) {
    throw new CommandLineError(
      exitCode,
      `${why}\nNo robot with motors has run here (${file} is missing or may not be read).`,
      {
        cause,
      },
    );
  }
  const { status, stdout, stderr, error } = spawnSync(guardianProgram(), ['--silence', file], {
    encoding: 'utf8',
    timeout: SILENCED_WITHIN_MS,
  });
  const said = `${stdout ?? ''}${stderr ?? ''}${error ? `${error.message}\n` : ''}`.replace(/^(?=.)/gm, '  ');
  if (status !== 0) {
    throw new CommandLineError(
      exitCode,
      `${why}\nThe motors could not be silenced directly either:\n${said}`,
      {
        cause,
      },
    );
  }
  console.error(why);
  console.log(`Silenced the motors directly:\n${said.trimEnd()}`);
}
