import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { loadConfig } from '../../../config/load.ts';
import { CommandLineError, EXIT } from '../exit.ts';

export type FileName = 'config.json' | 'certs/certificate.pem' | 'certs/private.pem.key' | 'certs/cacert.pem';

/** The folder of a robot's configuration and certificates; they lie where config/original.ts looks for them. */
export class ThingFiles {
  readonly folder: string;

  /** @throws CommandLineError when nothing can be written there */
  constructor(folder: string) {
    this.folder = folder;
    try {
      mkdirSync(folder, { recursive: true });
      const certs = join(folder, 'certs');
      if (!existsSync(certs)) {
        mkdirSync(certs, { mode: 0o700 });
        this.#giveToOwner(certs);
      }
      for (const path of [folder, certs]) accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (cause) {
      const message = `Can't write to ${folder}: ${(cause as Error).message}. Run it as root, with your AWS credentials (sudo -E), or choose another folder (--dir).`;
      throw new CommandLineError(EXIT.failed, message, { cause });
    }
  }

  path(name: FileName): string {
    return join(this.folder, name);
  }

  /** Null when it is not there. */
  read(name: FileName): string | null {
    return existsSync(this.path(name)) ? readFileSync(this.path(name), 'utf8') : null;
  }

  /** All or nothing, readable by nobody but the folder's owner. */
  write(name: FileName, text: string): void {
    const draft = `${this.path(name)}.${process.pid}`;
    try {
      writeFileSync(draft, text, { mode: 0o600 });
      chmodSync(draft, 0o600);
      this.#giveToOwner(draft);
      renameSync(draft, this.path(name));
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Whether it was there. */
  remove(name: FileName): boolean {
    const there = existsSync(this.path(name));
    rmSync(this.path(name), { force: true });
    return there;
  }

  /** Content of config.json; none is an empty one. @throws CommandLineError when it is no JSON object */
  readConfig(): Record<string, unknown> {
    const text = this.read('config.json');
    if (text === null) return {};
    try {
      const content: unknown = JSON.parse(text);
      if (typeof content === 'object' && content !== null && !Array.isArray(content)) {
        return content as Record<string, unknown>;
      }
    } catch {
      // Told below.
    }
    throw new CommandLineError(
      EXIT.failed,
      `Expected a JSON object in ${this.path('config.json')}. Mend it or move it away.`,
    );
  }

  /**
   * Writes config.json where it changed. @returns whether it did
   * @throws ConfigError when the robot could not run with it; the file stays as it was
   */
  writeConfig(content: Readonly<Record<string, unknown>>): boolean {
    const text = `${JSON.stringify(content, null, 2)}\n`;
    if (text === this.read('config.json')) return false;
    const draft = `${this.path('config.json')}.draft`;
    try {
      writeFileSync(draft, text, { mode: 0o600 });
      loadConfig({ file: draft });
    } finally {
      rmSync(draft, { force: true });
    }
    this.write('config.json', text);
    return true;
  }

  /** Root writes what the robot's own user has to read. */
  #giveToOwner(path: string): void {
    if (process.getuid?.() !== 0) return;
    const { uid, gid } = statSync(existsSync(this.folder) ? this.folder : dirname(this.folder));
    chownSync(path, uid, gid);
  }
}
