/** ITU-T H.264, clause 7.3.1 and table 7-1. */
export const NAL = { slice: 1, idr: 5, sps: 7, pps: 8 } as const;

/** The NAL units of an Annex B access unit, without their start codes. */
export function nalUnits(data: Buffer): Buffer[] {
  const starts: { readonly code: number; readonly body: number }[] = [];
  for (let i = 0; i + 3 <= data.length; i++) {
    if (data[i] !== 0 || data[i + 1] !== 0 || data[i + 2] !== 1) continue;
    starts.push({ code: i > 0 && data[i - 1] === 0 ? i - 1 : i, body: i + 3 });
    i += 2;
  }
  return starts.map(({ body }, n) => data.subarray(body, starts[n + 1]?.code ?? data.length));
}

export const nalTypes = (data: Buffer): number[] => nalUnits(data).map((nal) => nal[0]! & 31);

export interface Profile {
  readonly profileIdc: number;
  readonly constraintSet1: boolean;
  readonly levelIdc: number;
}

/** The first three bytes of a sequence parameter set, clause 7.3.2.1.1. */
export function profileOf(data: Buffer): Profile | null {
  const sps = nalUnits(data).find((nal) => (nal[0]! & 31) === NAL.sps);
  if (!sps) return null;
  return { profileIdc: sps[1]!, constraintSet1: (sps[2]! & 0x40) !== 0, levelIdc: sps[3]! };
}
