/** Runs the commands of a set-up step by step: one line each, live progress on a terminal, the full log in a file. */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const TAIL_LINES = 30;
/** Without a terminal a long step gives a sign of life this often. */
const SIGN_OF_LIFE_MS = 15_000;
const REDRAW_MS = 250;

/** Ends the set-up with a message that says what to do; never shown with a stack. */
export class SetupError extends Error {
  name = 'SetupError';
}

/**
 * @param {string} root the project's folder; logs go to build/setup-*.log
 * @param {NodeJS.WriteStream} stream where the progress goes
 */
export function createSteps(root, stream = process.stderr) {
  const running = new Set();

  /**
   * Runs `work`, which gets `run(command, args, {env?})`, rejecting when a command fails, and `say(text)` for the
   * line at the end. What it returns is returned.
   */
  async function step(title, work) {
    const logPath = join(root, 'build', `setup-${title.replace(/\W+/g, '-')}.log`);
    mkdirSync(join(root, 'build'), { recursive: true });
    const log = createWriteStream(logPath);
    const progress = showProgress(title, stream);
    let outcome = '';
    try {
      const result = await work({
        run: (command, args, options = {}) =>
          runCommand(command, args, { ...options, root, log, progress, running }),
        say: (text) => {
          outcome = `: ${text}`;
        },
      });
      await closed(log);
      progress.end(`ok    ${title}${outcome}`);
      return result;
    } catch (error) {
      await closed(log);
      progress.end(`FAIL  ${title}`);
      if (!(error instanceof SetupError)) {
        stream.write(`${tailOf(logPath)}\n`);
        throw new SetupError(`${error.message}\nThe full log is in ${relative(process.cwd(), logPath)}`);
      }
      throw error;
    }
  }

  /** Passes a signal to what runs now. */
  function kill(signal) {
    for (const child of running) child.kill(signal);
  }

  return { step, kill };
}

function runCommand(command, args, { env, root, log, progress, running }) {
  log.write(`$ ${command} ${args.join(' ')}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    for (const output of [child.stdout, child.stderr]) {
      output.setEncoding('utf8');
      output.on('data', (text) => {
        log.write(text);
        progress.lastLine(text);
      });
    }
    child.on('error', (error) => {
      running.delete(child);
      reject(new Error(`${command} can't be run: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      running.delete(child);
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args[0] ?? ''} ended with ${signal ?? code}`));
    });
  });
}

function showProgress(title, stream) {
  const started = performance.now();
  const live = stream.isTTY === true;
  const seconds = () => (performance.now() - started) / 1000;
  let last = '';
  const draw = () => {
    const line = `...   ${title}  ${seconds().toFixed(0)} s  ${last}`;
    if (live) stream.write(`\r\x1b[K${line.slice(0, (stream.columns || 80) - 1)}`);
    else stream.write(`${line}\n`);
  };
  const timer = setInterval(draw, live ? REDRAW_MS : SIGN_OF_LIFE_MS);
  if (live) draw();
  return {
    lastLine(text) {
      const lines = stripVTControlCharacters(text).split(/[\r\n]+/);
      last = lines.findLast((line) => line.trim() !== '')?.trim() ?? last;
    },
    end(line) {
      clearInterval(timer);
      stream.write(`${live ? '\r\x1b[K' : ''}${line}  (${seconds().toFixed(1)} s)\n`);
    },
  };
}

function tailOf(path) {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.slice(-TAIL_LINES).join('\n');
}

function closed(stream) {
  return new Promise((resolve) => stream.end(resolve));
}
