import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../config/paths.ts';

/** Folders from top to bottom; an import goes down, or stays on its level without making a circle. */
const LEVELS: readonly (readonly string[])[] = [
  ['firmware/main.ts', 'firmware/cli'],
  ['firmware/robot.ts'],
  ['firmware/simulator', 'firmware/teleop', 'firmware/cloud-link'],
  ['firmware/command', 'firmware/video'],
  ['firmware/drive', 'firmware/telemetry', 'config', 'native', 'firmware/version.ts'],
];

/** The page is shipped to browsers: of the robot it takes types, and this one file that is made for both. */
const SHARED_WITH_PAGE = ['firmware/simulator/strip.ts'];

/** What must not be used where, and why. */
const BANNED: readonly { readonly where: RegExp; readonly what: RegExp; readonly why: string }[] = [
  {
    where: /^firmware\//,
    what: /\bdebounceTime\b/,
    why: 'RxJS re-schedules it against Date.now: a wall clock set back keeps a deadman from firing',
  },
  {
    where: /^firmware\/(command|drive)\//,
    what: /\bReplaySubject\b/,
    why: 'its time window follows the wall clock and plays stale commands back',
  },
  {
    where: /^firmware\/(command|drive)\//,
    what: /Date\.now\(|performance\.now\(|setTimeout\(|setInterval\(/,
    why: 'time is passed in',
  },
  { where: /^(firmware|config|native)\//, what: /console\.log\(/, why: 'output belongs to the command line' },
];
const MAY_PRINT = /^firmware\/(cli\/|main\.ts)/;

/** What the cloud takes from the robot: the contract, and where the project's folder is. */
const SHARED_WITH_CLOUD = ['firmware/command/message.ts', 'config/paths.ts'];
/** These put scenarios together or run them: they may know every one. The others know cloud/common alone. */
const ABOVE_SCENARIOS = /^cloud\/(app|synth)\.ts$|^cloud\/local\//;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly { readonly path: string; readonly typeOnly: boolean }[];
}

const sources = ['firmware', 'config', 'native'].flatMap((folder) => readSources(folder));
const cloud = readSources('cloud');

function readSources(folder: string): Source[] {
  return readdirSync(join(packageRoot(), folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const path = `${folder}/${name}`;
      const text = readFileSync(join(packageRoot(), path), 'utf8');
      const imports = [
        ...text.matchAll(/(?:import|export)\s+(type\s)?[^;'"]*?from\s+'(\.[^']+)'|import\('(\.[^']+)'\)/g),
      ];
      return {
        path,
        text,
        imports: imports.map(([, type, from, lazy]) => ({
          path: normalize(join(dirname(path), from ?? lazy ?? '')),
          typeOnly: type !== undefined,
        })),
      };
    });
}

const folderOf = (path: string) => LEVELS.flat().find((part) => path === part || path.startsWith(`${part}/`));
const levelOf = (path: string) => LEVELS.findIndex((parts) => parts.includes(folderOf(path) ?? ''));
const isPage = (path: string) => path.startsWith('firmware/teleop/page/');

test('every source belongs to a folder of the house', () => {
  assert.equal(
    sources.filter(({ path }) => levelOf(path) < 0).map(({ path }) => path),
    [],
  );
  assert.ok(sources.length > 50, `${sources.length} sources read`);
});

test('imports run down', () => {
  const upward = sources.flatMap(({ path, imports }) =>
    imports
      .filter((target) => levelOf(target.path) < levelOf(path))
      .map((target) => `${path} imports ${target.path}, which stands above it`),
  );
  assert.equal(upward, []);
});

test('folders make no circle', () => {
  const edges = new Map<string, Set<string>>();
  for (const { path, imports } of sources) {
    const from = folderOf(path)!;
    for (const target of imports) {
      const to = folderOf(target.path);
      if (to && to !== from && !isPage(path)) edges.set(from, (edges.get(from) ?? new Set()).add(to));
    }
  }
  const circles: string[] = [];
  const walk = (trail: string[]) => {
    for (const next of edges.get(trail.at(-1)!) ?? []) {
      if (next === trail[0]) circles.push([...trail, next].join(' -> '));
      else if (!trail.includes(next)) walk([...trail, next]);
    }
  };
  for (const from of edges.keys()) walk([from]);
  assert.equal(circles, []);
});

test('the page takes only types from the robot', () => {
  const taken = sources
    .filter(({ path }) => isPage(path))
    .flatMap(({ path, imports }) =>
      imports
        .filter(
          (target) => !isPage(target.path) && !target.typeOnly && !SHARED_WITH_PAGE.includes(target.path),
        )
        .map((target) => `${path} imports ${target.path}`),
    );
  assert.equal(taken, []);
});

test('in the cloud imports go from app to scenario to common; no scenario knows another', () => {
  const scenarioOf = (path: string) => (ABOVE_SCENARIOS.test(path) ? null : path.split('/')[1]!);
  const wrong = cloud.flatMap(({ path, imports }) =>
    imports
      .filter((target) => !SHARED_WITH_CLOUD.includes(target.path))
      .filter((target) => {
        const [from, to] = [scenarioOf(path), scenarioOf(target.path)];
        const inCloud = target.path.startsWith('cloud/');
        return !inCloud || (from !== null && to !== from && to !== 'common');
      })
      .map((target) => `${path} imports ${target.path}`),
  );
  assert.equal(wrong, []);
  assert.ok(cloud.length > 20, `${cloud.length} sources read`);
});

test('handlers take the contract, constants and what is made for handlers; never the stack', () => {
  const isHandler = (path: string) => /\.lambda(-shared)?\.ts$/.test(path);
  const mayBeTaken = (path: string) =>
    path === 'firmware/command/message.ts' || /\.lambda-shared\.ts$|\/constants\.ts$/.test(path);
  const handlers = cloud.filter(({ path }) => isHandler(path));
  const wrong = handlers.flatMap(({ path, text, imports }) => [
    ...imports.filter((target) => !mayBeTaken(target.path)).map((target) => `${path} imports ${target.path}`),
    ...(/from '(aws-cdk-lib|constructs|cdk-nag)/.test(text) ? [`${path} imports the CDK`] : []),
  ]);
  assert.equal(wrong, []);
  assert.ok(handlers.length > 5, `${handlers.length} handlers read`);
});

test('the robot does not know the cloud', () => {
  const wrong = sources.flatMap(({ path, imports }) =>
    imports
      .filter((target) => target.path.startsWith('cloud/'))
      .map((target) => `${path} imports ${target.path}`),
  );
  assert.equal(wrong, []);
});

for (const { where, what, why } of BANNED) {
  test(`no ${what.source} in ${where.source}: ${why}`, () => {
    const found = sources
      .filter(
        ({ path, text }) => where.test(path) && !isPage(path) && !MAY_PRINT.test(path) && what.test(text),
      )
      .map(({ path }) => path);
    assert.equal(found, []);
  });
}

test.run();
