export type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error naming the variable that the stack did not set */
export function required(env: Environment, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`Expected the environment variable ${name} to be set`);
  return value;
}

/** Items separated by commas; none when unset. */
export function listed(env: Environment, name: string): string[] {
  return (env[name] ?? '').split(',').filter(Boolean);
}
