/**
 * A real headless Chromium for tests. Launch one per test file and close it in `test.after`; open a fresh
 * context or page per test.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Debian's browser; `ROVERD_CHROMIUM` names another one. */
export const CHROMIUM_PATH = process.env.ROVERD_CHROMIUM ?? '/usr/bin/chromium';

/** Chromium takes H.264 and real addresses in candidates, and leaves the network alone. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
];

export interface TestBrowser {
  readonly browser: Browser;
  /** The browser's main process, which leads a process group of its own. */
  readonly pid: number;
  /** SIGKILL to the whole browser, as when a viewer's machine dies: nothing is said to anyone. */
  kill(): Promise<void>;
  /** Ends the browser in good order; does nothing after `kill` or a second time. */
  close(): Promise<void>;
}

/** Why tests in a browser can't run here, or null: pass it to `test.skip` with a SKIP line. */
export function browserMissing(): string | null {
  return existsSync(CHROMIUM_PATH) ? null : `no Chromium at ${CHROMIUM_PATH}`;
}

export async function launchBrowser(extraFlags: readonly string[] = []): Promise<TestBrowser> {
  const server = await chromium.launchServer({
    executablePath: CHROMIUM_PATH,
    headless: true,
    // Chromium's sandbox can't be set up by root, nor in most containers; only the tests' own pages are shown.
    chromiumSandbox: false,
    args: [...FLAGS, ...extraFlags],
  });
  const pid = server.process().pid;
  if (pid === undefined) throw new Error('Chromium has no process id');
  const browser = await chromium.connect(server.wsEndpoint());
  return {
    browser,
    pid,
    kill: () => server.kill(),
    close: async () => {
      await browser.close();
      await server.close();
    },
  };
}

/** Runs `use` with a browser of its own and closes it however `use` ends. */
export async function withBrowser<T>(use: (browser: TestBrowser) => Promise<T>): Promise<T> {
  const testBrowser = await launchBrowser();
  try {
    return await use(testBrowser);
  } finally {
    await testBrowser.close();
  }
}
