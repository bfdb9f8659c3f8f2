/** Splits `host`, `host:port` and `[address]:port`, as config/schema.ts takes endpoints. */
export function splitEndpoint(endpoint: string, usualPort: number): { host: string; port: number } {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(endpoint) ?? [];
  return { host: bracketed ?? plain ?? endpoint, port: port === undefined ? usualPort : Number(port) };
}
