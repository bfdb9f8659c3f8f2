/**
 * The six fields of AWS's cron expressions: minutes, hours, day of the month, month, day of the week (1 is Sunday), year.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html#eb-cron-expressions
 * Of the packages for this form the one in use (aws-cron-parser) checks nothing and gives up before the next 29 February.
 */
export interface Cron {
  /** In order. */
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  /** Whether a day is among those wanted. @param month 1 to 12 */
  day(year: number, month: number, day: number): boolean;
  readonly years: readonly number[];
}

/** Items of one field, separated by commas. */
interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** @throws Error saying which field is none */
export function parseCron(expression: string): Cron {
  const fields = expression.trim().split(/\s+/);
  if (fields.length !== 6)
    throw new Error(`Expected six fields but received ${fields.length}: ${expression}`);
  const [minutes, hours, dayOfMonth, month, dayOfWeek, year] = fields as [
    ...[string, string, string, string, string, string],
  ];
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw new Error(`Expected ? for the day of the month or for the day of the week: ${expression}`);
  }
  const months = numbersOf(month, { name: 'month', min: 1, max: 12, names: MONTHS });
  const wanted = dayOfMonth === '?' ? daysOfWeek(dayOfWeek) : daysOfMonth(dayOfMonth);
  return {
    minutes: numbersOf(minutes, { name: 'minutes', min: 0, max: 59 }),
    hours: numbersOf(hours, { name: 'hours', min: 0, max: 23 }),
    years: numbersOf(year, { name: 'year', min: 1970, max: 2199 }),
    day: (y, m, d) => months.includes(m) && wanted(y, m, d),
  };
}

type Day = (year: number, month: number, day: number) => boolean;

function daysOfMonth(text: string): Day {
  const field = { name: 'day of the month', min: 1, max: 31 };
  const wanted = text.split(',').map((item): Day => {
    if (item === 'L') return (y, m, d) => d === daysIn(y, m);
    if (item === 'LW') return (y, m, d) => d === weekdayNearest(y, m, daysIn(y, m));
    if (item.endsWith('W')) {
      const near = numberOf(item.slice(0, -1), field);
      return (y, m, d) => near <= daysIn(y, m) && d === weekdayNearest(y, m, near);
    }
    const days = numbersOf(item, field);
    return (_, __, d) => days.includes(d);
  });
  return (...day) => wanted.some((one) => one(...day));
}

function daysOfWeek(text: string): Day {
  const field = { name: 'day of the week', min: 1, max: 7, names: DAYS };
  const wanted = text.split(',').map((item): Day => {
    const [name = '', nth] = item.split('#');
    if (nth !== undefined) {
      const [weekday, which] = [numberOf(name, field), numberOf(nth, { name: 'week', min: 1, max: 5 })];
      return (y, m, d) => weekdayOf(y, m, d) === weekday && Math.ceil(d / 7) === which;
    }
    if (item === 'L') return (y, m, d) => weekdayOf(y, m, d) === 7;
    if (item.endsWith('L')) {
      const weekday = numberOf(item.slice(0, -1), field);
      return (y, m, d) => weekdayOf(y, m, d) === weekday && d + 7 > daysIn(y, m);
    }
    const days = numbersOf(item, field);
    return (y, m, d) => days.includes(weekdayOf(y, m, d));
  });
  return (...day) => wanted.some((one) => one(...day));
}

function numbersOf(text: string, field: Field): number[] {
  const found = text.split(',').flatMap((item) => {
    const [range = '', step, ...more] = item.split('/');
    const every = step === undefined ? 1 : numberOf(step, { ...field, min: 1, names: [] });
    const [from = '', to, ...rest] = range.split('-');
    if (more.length > 0 || rest.length > 0 || range === '') throw refused(item, field);
    const first = range === '*' ? field.min : numberOf(from, field);
    const last =
      to !== undefined ? numberOf(to, field) : range === '*' || step !== undefined ? field.max : first;
    if (last < first) throw refused(item, field);
    const count = Math.floor((last - first) / every) + 1;
    return Array.from({ length: count }, (_, index) => first + index * every);
  });
  return [...new Set(found)].sort((a, b) => a - b);
}

function numberOf(text: string, field: Field): number {
  const name = (field.names ?? []).indexOf(text.toUpperCase());
  if (name >= 0) return name + 1;
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < field.min || number > field.max) throw refused(text, field);
  return number;
}

function refused(text: string, { name, min, max }: Field): Error {
  return new Error(`Expected the ${name} to be ${min} to ${max} but received ${text}`);
}

export function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** 1 is Sunday. */
function weekdayOf(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 1;
}

/** Monday to Friday, in the same month. */
function weekdayNearest(year: number, month: number, day: number): number {
  const weekday = weekdayOf(year, month, day);
  if (weekday === 7) return day === 1 ? 3 : day - 1;
  if (weekday === 1) return day === daysIn(year, month) ? day - 2 : day + 1;
  return day;
}
