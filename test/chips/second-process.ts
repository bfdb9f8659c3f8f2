import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Chips } from './chips.ts';

/** Calls of i2c-dev as a program in C makes them; `fd` is /dev/i2c-1. */
const PRELUDE = `
import ctypes, fcntl, os, sys, time
I2C_SLAVE, I2C_FUNCS, I2C_RDWR, I2C_TIMEOUT = 0x703, 0x705, 0x707, 0x702
class Message(ctypes.Structure):
    _fields_ = [('addr', ctypes.c_uint16), ('flags', ctypes.c_uint16), ('len', ctypes.c_uint16), ('buf', ctypes.POINTER(ctypes.c_uint8))]
class Request(ctypes.Structure):
    _fields_ = [('msgs', ctypes.POINTER(Message)), ('nmsgs', ctypes.c_uint32)]
def rdwr(fd, *parts):
    buffers = [(ctypes.c_uint8 * max(1, len(data)))(*data) for _, _, data in parts]
    messages = (Message * len(parts))(*[Message(addr, flags, len(data), ctypes.cast(b, ctypes.POINTER(ctypes.c_uint8))) for (addr, flags, data), b in zip(parts, buffers)])
    fcntl.ioctl(fd, I2C_RDWR, Request(messages, len(parts)))
    return [list(b) for b in buffers]
def say(*words):
    print(*words, flush=True)
def attempt(action):
    try:
        action()
        say('ok')
    except OSError as error:
        say(os.strerror(error.errno))
fd = os.open('/dev/i2c-1', os.O_RDWR)
fcntl.ioctl(fd, I2C_SLAVE, 0x60)
`;

export interface SecondProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** The next line that it says. */
  line(): Promise<string>;
  /** Everything it says until it ends, in lines. @throws Error when it fails */
  rest(): Promise<string[]>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Another process at the same chips. @param script Python, after the prelude above */
export function startSecond(chips: Chips, script: string): SecondProcess {
  const child = spawn('python3', ['-c', PRELUDE + script], {
    env: { ...process.env, ...chips.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let waiting: (() => void) | null = null;
  let text = '';
  let complaint = '';
  let ended = false;
  child.stderr!.on('data', (chunk) => (complaint += chunk));
  child.stdout!.on('data', (chunk) => {
    const parts = (text + chunk).split('\n');
    text = parts.pop()!;
    lines.push(...parts);
    waiting?.();
  });
  const exited = once(child, 'close').then(([code, signal]) => {
    ended = true;
    waiting?.();
    return { code, signal };
  });
  return {
    pid: child.pid!,
    child,
    async line() {
      while (lines.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          waiting = resolve;
        });
      }
      const line = lines.shift();
      if (line === undefined) throw new Error(`The second process ended: ${complaint}`);
      return line;
    },
    async rest() {
      const { code } = await exited;
      if (code !== 0) throw new Error(`The second process failed: ${complaint}`);
      return lines.splice(0);
    },
    async kill(signal) {
      child.kill(signal);
      if (signal !== 'SIGSTOP' && signal !== 'SIGCONT') await exited;
    },
  };
}

/** Waits until it holds, looking every ms. */
export async function until(what: string, holds: () => boolean, withinMs = 5_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > endMs) throw new Error(`Waited ${withinMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
