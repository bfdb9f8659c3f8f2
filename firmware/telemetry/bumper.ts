import { map, type Observable } from 'rxjs';
import type { Config } from '../../config/schema.ts';
import { type FaultChange, faultChanges } from './rules.ts';

/** What touch pads that serve as bumpers can say; codes as in firmware/command/faults.ts. */
export type BumperFault = 'bumper_front' | 'bumper_rear' | 'bumper_silent';

export function hasBumper({ frontPads, rearPads }: Config['bumper']): boolean {
  return frontPads.length + rearPads.length > 0;
}

/** What the pads say. @param pads bit 0 being pad 1; null while they can't be read */
export function bumped(pads: number | null, { frontPads, rearPads }: Config['bumper']): BumperFault[] {
  if (pads === null) return ['bumper_silent'];
  const touched = (wanted: readonly number[]) => wanted.some((pad) => (pads >> (pad - 1)) & 1);
  return [
    ...(touched(frontPads) ? (['bumper_front'] as const) : []),
    ...(touched(rearPads) ? (['bumper_rear'] as const) : []),
  ];
}

/** What comes and goes as pads are touched and let go. */
export function bumperFaults(
  pads$: Observable<number | null>,
  config: Config['bumper'],
): Observable<FaultChange<BumperFault>> {
  return pads$.pipe(
    map((pads) => bumped(pads, config)),
    faultChanges(),
  );
}
