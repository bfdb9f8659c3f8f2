/** What a stage sets for methods. */
interface MethodSetting {
  /** `/*`: every path. */
  readonly path: string;
  /** `*`: every method. */
  readonly httpMethod: string;
}

/** The setting that fits a method best: its path and its verb go before `/*` and `*`. */
export function bestOf<Setting extends MethodSetting>(
  settings: readonly Setting[],
  path: string,
  httpMethod: string,
): Setting | undefined {
  return settings
    .filter((one) => fits(one.path, '/*', path) && fits(one.httpMethod, '*', httpMethod))
    .sort((a, b) => exactness(b) - exactness(a))[0];
}

function fits(wanted: string, any: string, value: string): boolean {
  return wanted === any || wanted === value;
}

function exactness({ path, httpMethod }: MethodSetting): number {
  return (path === '/*' ? 0 : 2) + (httpMethod === '*' ? 0 : 1);
}
