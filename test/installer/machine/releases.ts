import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../../config/paths.ts';

export const SHELF_PORT = 8000;

/**
 * A folder as a web server would offer it, with the release that `npm run release` makes of these sources, and others
 * made of that. What is signed here is signed by openssl, not by the code under test.
 */
export class Releases {
  readonly folder = mkdtempSync(join(tmpdir(), 'roverd-releases-'));
  readonly version: string;
  readonly #key = join(this.folder, 'private.pem');
  readonly #arch: string;

  constructor(arch: string = process.arch) {
    this.#arch = arch;
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(this.#key, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    this.make(this.folder);
    this.version = readFileSync(join(this.folder, 'latest'), 'utf8').trim();
  }

  /** Runs `npm run release` into a folder. */
  make(out: string): void {
    const options = [
      '--key',
      this.#key,
      '--releases',
      `http://127.0.0.1:${SHELF_PORT}`,
      '--out',
      out,
      '--arch',
      this.#arch,
    ];
    execFileSync(process.execPath, ['installer/release.mjs', ...options], {
      cwd: packageRoot(),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  archive(version = this.version): string {
    return join(this.folder, version, `roverd-${version}-linux-${this.#arch}.tar.gz`);
  }

  /** The same release under another version, changed by `change`, and signed. */
  derive(version: string, change: (folder: string) => void = () => undefined): void {
    const work = mkdtempSync(join(tmpdir(), 'roverd-derive-'));
    const folder = join(work, `roverd-${version}-linux-${this.#arch}`);
    mkdirSync(folder);
    execFileSync('tar', ['-xzf', this.archive(), '-C', folder, '--strip-components=1']);
    const release = join(folder, 'release');
    writeFileSync(release, readFileSync(release, 'utf8').replace(/^version=.*$/m, `version=${version}`));
    for (const name of readdirSync(join(folder, 'dist'), { recursive: true }) as string[]) {
      if (!name.endsWith('.js') || name.startsWith('page')) continue;
      const path = join(folder, 'dist', name);
      writeFileSync(path, readFileSync(path, 'utf8').replaceAll(`"${this.version}"`, `"${version}"`));
    }
    change(folder);
    const target = join(this.folder, version);
    mkdirSync(target);
    for (const name of readdirSync(join(this.folder, this.version)).filter((one) => one.startsWith('node-')))
      cpSync(join(this.folder, this.version, name), join(target, name));
    execFileSync('tar', ['-czf', this.archive(version), '-C', work, `roverd-${version}-linux-${this.#arch}`]);
    rmSync(work, { recursive: true });
    this.sign(this.archive(version));
  }

  sign(archive: string, key = this.#key): void {
    const line = execFileSync('sha256sum', [archive], { encoding: 'utf8' }).replace(/ .*\//, '  ');
    writeFileSync(`${archive}.sha256`, line);
    const options = ['-sign', '-inkey', key, '-rawin', '-in', `${archive}.sha256`];
    execFileSync('openssl', ['pkeyutl', ...options, '-out', `${archive}.sha256.sig`]);
  }

  /** Another maker's key, as a file. */
  foreignKey(): string {
    const path = join(this.folder, 'foreign.pem');
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    return path;
  }

  setLatest(version: string): void {
    writeFileSync(join(this.folder, 'latest'), `${version}\n`);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A change for `derive`: what `roverd run` does first. */
export const running = (script: string) => (folder: string) => {
  const path = join(folder, 'dist/roverd.js');
  writeFileSync(path, `if (process.argv[2] === 'run') { ${script} }\n${readFileSync(path, 'utf8')}`);
};
