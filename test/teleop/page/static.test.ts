import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../config/paths.ts';

const folder = join(packageRoot(), 'firmware/teleop/page');
const page = (name: string) => readFileSync(join(folder, 'static', name), 'utf8');
const MAX_SCRIPT_BYTES = 40 * 1024;

test('the script is small, and of this project alone', async () => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: packageRoot(),
    entryPoints: [join(folder, 'main.ts')],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const bytes = gzipSync(outputFiles[0]!.contents).length;
  assert.ok(bytes <= MAX_SCRIPT_BYTES, `${bytes} bytes gzipped`);
  const foreign = Object.keys(metafile.inputs).filter((path) => !path.startsWith('firmware/'));
  assert.equal(foreign, []);
});

test('the page keeps to its content security policy: nothing inline', () => {
  const html = page('index.html');
  assert.not.match(html, /\sstyle=/);
  assert.not.match(html, /\son[a-z]+=/);
  assert.not.match(html, /<style/);
  assert.equal(
    [...html.matchAll(/<script\b[^>]*>([^<]*)/g)].map(([, body]) => body),
    [''],
  );
  assert.not.match(html, /https?:\/\//);
});

test('every element the script asks for is there, once', () => {
  const html = page('index.html');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const asked = sources.flatMap((name) =>
    [...readFileSync(join(folder, name), 'utf8').matchAll(/byId\('([^']+)'/g)].map(([, id]) => id!),
  );
  assert.ok(asked.length > 20);
  for (const id of asked) assert.is(html.split(` id="${id}"`).length, 2, `#${id}`);
});

test('what manifest, worker and page name exists, and icons have the size they claim', () => {
  const files = new Set(readdirSync(join(folder, 'static')));
  const manifest = JSON.parse(page('manifest.webmanifest')) as {
    icons: { src: string; sizes: string; type: string }[];
  };
  for (const { src, sizes, type } of manifest.icons) {
    assert.ok(files.has(src.slice(1)), src);
    if (type !== 'image/png') continue;
    const png = readFileSync(join(folder, 'static', src));
    assert.is(`${png.readUInt32BE(16)}x${png.readUInt32BE(20)}`, sizes, src);
  }
  const named = [...(page('index.html') + page('sw.js')).matchAll(/['"]\/([\w.-]+\.\w+)['"]/g)].map(
    ([, name]) => name!,
  );
  for (const name of named) assert.ok(files.has(name) || name === 'app.js', name);
});

/** Relative luminance and contrast, WCAG 2.2. */
function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const full = hex.length === 4 ? hex.replace(/[\da-f]/g, '$&$&') : hex;
    const [r, g, blue] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(full.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  };
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

test('text has a contrast of at least 4.5 in both colour schemes', () => {
  const css = page('style.css');
  const colours = (block: string) =>
    Object.fromEntries(
      [...block.matchAll(/--([\w-]+): (#[\da-f]{3,6});/g)].map(([, name, hex]) => [name!, hex!]),
    );
  const [dark = '', light = ''] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, block]) => block!);
  for (const scheme of [colours(dark), { ...colours(dark), ...colours(light) }]) {
    for (const ink of ['ink', 'quiet', 'accent', 'limit', 'stop']) {
      for (const ground of ['panel-solid', 'ground']) {
        const ratio = contrast(scheme[ink]!, scheme[ground]!);
        assert.ok(ratio >= 4.5, `${ink} ${scheme[ink]} on ${ground} ${scheme[ground]}: ${ratio.toFixed(2)}`);
      }
    }
    for (const red of ['red', 'red-deep']) assert.ok(contrast(scheme['on-red']!, scheme[red]!) >= 4.5, red);
  }
});

test.run();
