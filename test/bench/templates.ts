import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Rendering, Velocity } from '../../cloud/local/vtl/velocity.ts';
import { packageRoot } from '../../config/paths.ts';
import { type Figure, figure } from './figure.ts';

const STARTS = 5;
const WARM_UP = 500;
const RENDERINGS = 2_000;

const given: Rendering = {
  template: readFileSync(join(packageRoot(), 'cloud/url-shortener/templates/create-request.vtl'), 'utf8'),
  body: '{"id":"a-link","url":"https://example.com/a/path?with=a&query=1"}',
  params: { path: {}, querystring: {}, header: {} },
  context: { requestTimeEpoch: '1', authorizer: { claims: { sub: 's', email: 'zoe@example.com' } } },
  stageVariables: { table: 'links' },
};

/** Mapping templates of the desk: Apache Velocity in a process beside it. */
export async function bench(): Promise<Figure[]> {
  const starts: number[] = [];
  const samples: number[] = [];
  // The first one may compile the renderer.
  for (let i = 0; i <= STARTS; i++) {
    const velocity = new Velocity();
    try {
      const start = performance.now();
      await velocity.render(given);
      if (i > 0) starts.push(performance.now() - start);
      for (let n = 0; i === STARTS && n < WARM_UP + RENDERINGS; n++) {
        const from = performance.now();
        await velocity.render(given);
        if (n >= WARM_UP) samples.push(performance.now() - from);
      }
    } finally {
      await velocity.close();
    }
  }
  return [
    figure('mapping template: the first one, with the start of its engine', 'ms', starts),
    figure('mapping template: a request to a table', 'ms', samples),
  ];
}
