import type { Parameter } from './template.ts';

/**
 * The value of each parameter of a template; those without one are missing, which matters only once they are used.
 * @param given values by name, as with `--parameter NAME=VALUE`
 * @throws Error naming a parameter that the template does not have, or a value that it does not take
 */
export function parameterValues(
  parameters: Readonly<Record<string, Parameter>>,
  given: Readonly<Record<string, string>>,
): ReadonlyMap<string, unknown> {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(parameters, name)) continue;
    throw new Error(
      `Expected one of the parameters ${Object.keys(parameters).join(', ')} but received ${name}`,
    );
  }
  return new Map(
    Object.entries(parameters).flatMap(([name, parameter]) => {
      // What the default of such a parameter names stands in Systems Manager, which is not here.
      const fallback = parameter.Type.startsWith('AWS::SSM::') ? undefined : parameter.Default;
      const value = given[name] ?? fallback;
      return value === undefined ? [] : [[name, checked(name, parameter, value)] as const];
    }),
  );
}

function checked(name: string, { Type, AllowedValues, AllowedPattern }: Parameter, value: unknown): unknown {
  const fail = (expected: string) => {
    throw new Error(`Expected the parameter ${name} to be ${expected} but received ${JSON.stringify(value)}`);
  };
  if (AllowedValues && !AllowedValues.some((one) => String(one) === String(value))) {
    fail(`one of ${AllowedValues.join(', ')}`);
  }
  if (AllowedPattern && !new RegExp(`^(?:${AllowedPattern})$`).test(String(value)))
    fail(`as ${AllowedPattern}`);
  if (Type === 'Number' && !Number.isFinite(Number(value))) fail('a number');
  return Type === 'CommaDelimitedList' || Type.startsWith('List<')
    ? String(value)
        .split(',')
        .map((item) => item.trim())
    : String(value);
}
