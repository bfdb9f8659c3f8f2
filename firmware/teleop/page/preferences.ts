/** Kept in the browser, each for itself; a browser that keeps nothing (private mode) gives the defaults. */
const KEYS = {
  token: 'roverd.token',
  limit: 'roverd.limit',
  turns: 'roverd.turns',
  robot: 'roverd.robot',
} as const;

export const LIMIT_MIN_PERCENT = 20;

export function readToken(): string | null {
  return read(KEYS.token);
}

export function keepToken(token: string | null): void {
  write(KEYS.token, token);
}

/** The person's own speed limit, 20..100 %. */
export function readLimitPercent(): number {
  const percent = Number(read(KEYS.limit) ?? 100);
  return percent >= LIMIT_MIN_PERCENT && percent <= 100 ? percent : 100;
}

export function keepLimitPercent(percent: number): void {
  write(KEYS.limit, String(percent));
}

/** Quarter turns clockwise by which the picture is shown, 0..3: for a camera that is mounted on its side. */
export function readTurns(): number {
  const turns = Number(read(KEYS.turns) ?? 0);
  return [0, 1, 2, 3].includes(turns) ? turns : 0;
}

export function keepTurns(turns: number): void {
  write(KEYS.turns, String(turns));
}

/** The robot that was chosen last, where there are several. */
export function readRobot(): string | null {
  return read(KEYS.robot);
}

export function keepRobot(name: string | null): void {
  write(KEYS.robot, name);
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // Not kept: it holds until the page is closed.
  }
}
