import { constants } from 'node:os';

/** Node knows no name for the error of a NACK. */
const NUMBERS: Readonly<Record<string, number>> = { ...constants.errno, EREMOTEIO: 121 };

export function errorNumber(code: string): number {
  const number = NUMBERS[code];
  if (number === undefined) throw new Error(`Expected the name of an errno but received ${code}`);
  return number;
}

/** null for 0 */
export function errorCode(number: number): string | null {
  if (number === 0) return null;
  return Object.keys(NUMBERS).find((code) => NUMBERS[code] === number) ?? `errno ${number}`;
}
