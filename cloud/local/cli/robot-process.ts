import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../config/paths.ts';
import type { OpenDesk } from '../desk/open-desk.ts';

export interface RobotProcess {
  end(): Promise<void>;
}

/**
 * Starts a simulated robot that is linked to the desk's broker; what it says goes to the console.
 * @param wanted its thing; true: the first one
 * @throws Error when the template has no such thing
 */
export async function startRobot({ robots, log }: OpenDesk, wanted: string | true): Promise<RobotProcess> {
  const names = Object.keys(robots);
  const thing = wanted === true ? names[0] : wanted;
  const config = thing === undefined ? undefined : robots[thing];
  if (config === undefined) {
    throw new Error(
      `Expected one of the robots ${names.join(', ') || '(none)'} but received ${thing ?? 'none'}`,
    );
  }
  const command = [process.execPath, 'dist/roverd.js', 'run', '--simulate', '--config', config];
  // It ends when the desk is killed, and not by a Ctrl-C before the desk passes it on.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...command], {
    cwd: packageRoot(),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => log.line(thing!, line));
  }
  child.on('error', (error) => log.line(thing!, error.message));
  child.on('exit', (code, signal) => log.line(thing!, `ended with ${signal ?? code}`));
  return {
    async end() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}
