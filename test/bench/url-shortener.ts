/** A redirect of the shortener on the desk: API Gateway's routes, both templates by Velocity, DynamoDB. */
import { openShortener } from '../cloud/url-shortener/on-desk.ts';
import { type Figure, figure } from './figure.ts';

const REDIRECTS = 1000;
const WARM_UP = 100;

export async function bench(): Promise<Figure[]> {
  const shortener = await openShortener();
  try {
    const token = await shortener.tokenOf('zoe@example.com');
    const created = await shortener.call('POST', 'app', token, { id: 'aws', url: 'https://aws.amazon.com' });
    if (created.status !== 200) throw new Error(`Expected a link but received ${created.text}`);
    const tookMs: number[] = [];
    for (let i = 0; i < WARM_UP + REDIRECTS; i++) {
      const startedMs = performance.now();
      const { status } = await shortener.call('GET', 'aws');
      if (status !== 301) throw new Error(`Expected 301 but received ${status}`);
      if (i >= WARM_UP) tookMs.push(performance.now() - startedMs);
    }
    return [figure('url-shortener: a redirect on the desk', 'ms', tookMs)];
  } finally {
    await shortener.close();
  }
}
