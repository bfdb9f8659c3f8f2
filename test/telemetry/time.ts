import { VirtualAction, VirtualTimeScheduler } from 'rxjs';

/** Virtual time in which promises settle between one due action and the next. */
export class Time extends VirtualTimeScheduler {
  constructor() {
    super(VirtualAction, 0);
  }
  async advance(ms: number, stepMs = 10): Promise<void> {
    const end = this.frame + ms;
    while (this.frame < end) {
      this.maxFrames = Math.min(end, this.frame + stepMs);
      this.flush();
      this.frame = this.maxFrames;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export function collectLog() {
  const lines: string[] = [];
  const entry = (level: string) => (fields: object | string, message?: string) => {
    lines.push(typeof fields === 'string' ? `${level} ${fields}` : `${level} ${message}`);
  };
  return { lines, logger: { info: entry('info'), warn: entry('warn') } as never };
}
