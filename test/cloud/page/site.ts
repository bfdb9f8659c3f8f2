import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sirv from 'sirv';
import { packageRoot } from '../../../config/paths.ts';
import { ofType, resolved, synthesize } from '../synthesized.ts';

export interface Site {
  readonly origin: string;
  /** Has to be called before the first request. */
  configure(config: { readonly connect: readonly string[]; readonly settings: object }): void;
  close(): Promise<void>;
}

/** The built page from loopback, with the headers of the template: of its policy, the origins to connect to are others here. */
export async function startSite(): Promise<Site> {
  let headers: Record<string, string> = {};
  let config = '';
  const files = sirv(join(packageRoot(), 'dist/cloud-page'), { dev: true });
  const server: Server = createServer((request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.url === '/config.json') {
      response.setHeader('content-type', 'application/json');
      response.end(config);
    } else files(request, response, () => void response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    configure({ connect, settings }) {
      headers = templateHeaders(connect);
      config = JSON.stringify(settings);
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function templateHeaders(connect: readonly string[]): Record<string, string> {
  const [found] = ofType(synthesize('roverd-page'), 'AWS::CloudFront::ResponseHeadersPolicy');
  const { SecurityHeadersConfig: security, CustomHeadersConfig: custom } = found![1].Properties
    .ResponseHeadersPolicyConfig as {
    SecurityHeadersConfig: { ContentSecurityPolicy: { ContentSecurityPolicy: unknown } };
    CustomHeadersConfig: { Items: { Header: string; Value: string }[] };
  };
  const withImports = JSON.stringify(security.ContentSecurityPolicy.ContentSecurityPolicy).replaceAll(
    /\{"Fn::ImportValue":"[^"]+"\}/g,
    '"import"',
  );
  const csp = String(resolved(JSON.parse(withImports)));
  const parts = csp.split("connect-src 'self' ");
  if (parts.length !== 2) throw new Error(`Expected connect-src 'self' and more in ${csp}`);
  return {
    'content-security-policy': `${parts[0]}connect-src 'self' ${connect.join(' ')}${parts[1]!.slice(parts[1]!.indexOf(';'))}`,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    ...Object.fromEntries(custom.Items.map(({ Header, Value }) => [Header, Value])),
  };
}
