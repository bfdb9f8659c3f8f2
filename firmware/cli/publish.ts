import type { CommandMessage } from '../command/message.ts';
import { ask } from './client.ts';
import { CommandLineError, EXIT } from './exit.ts';
import { type RobotArguments, robotAt } from './robot-at.ts';

/**
 * Sends one command to a running robot and says that it was taken.
 * @throws CommandLineError `refused` with the robot's own words, `unreachable` when it does not answer
 */
export async function publish(
  message: CommandMessage,
  options: RobotArguments & { readonly withinMs?: number },
): Promise<void> {
  const { token, ...robot } = robotAt(options);
  const { withinMs } = options;
  const asked = { token, body: message, ...(withinMs !== undefined && { withinMs }) };
  const { status, body } = await ask(robot, 'POST', '/publish', asked);
  if (status >= 200 && status < 300) {
    console.log(`${describe(message)}: taken`);
    return;
  }
  const refused = status >= 400 && status < 500;
  throw new CommandLineError(
    refused ? EXIT.refused : EXIT.failed,
    `${robot.url.origin} ${refused ? 'refused' : 'failed'} (${status}): ${reasonIn(body)}`,
  );
}

function describe(message: CommandMessage): string {
  if ('action' in message) return message.action;
  if ('estop' in message) return 'emergency stop';
  return 'reset' in message ? 'reset' : 'drive';
}

/** `{code, message}` as roverd answers; anything else as it is, cut to a line. */
function reasonIn(body: string): string {
  try {
    const { code, message } = JSON.parse(body) as { code?: unknown; message?: unknown };
    if (typeof message === 'string') return `${message} (${String(code)})`;
  } catch {
    // Not a robot, perhaps a proxy in between: shown as it is.
  }
  return body.split('\n', 1)[0]?.slice(0, 200) || 'no reason given';
}
