import type { Sender, Settings } from '../../firmware/command/model.ts';

export const settings: Settings = {
  watchdogMs: 400,
  maxAgeMs: 1000,
  leaseIdleMs: 10_000,
  actionRatio: 0.5,
  actionMs: 200,
  rampPerS: 1000,
  maxRatio: 1,
  tickMs: 10,
  limits: {
    batteryLowSpeedRatio: 0.5,
    wifiWeakSpeedRatio: 0.5,
    roundTripSpeedRatio: 0.4,
    lossSpeedRatio: 0.6,
    videoAgeSpeedRatio: 0.3,
    bumperSilentSpeedRatio: 0.7,
    underVoltageSpeedRatio: 0,
  },
};

const person = (id: string, rest: Partial<Sender> = {}): Sender => ({
  id,
  name: id,
  link: 'local',
  role: 'operator',
  lasting: true,
  ...rest,
});
export const ada = person('Ada');
export const bob = person('Bob');
export const eve = person('Eve', { role: 'viewer' });
export const carl = person('Carl', { link: 'cloud' });
export const curl = person('curl', { lasting: false });

export const forward = { drive: { linear: 1, angular: 0 } };
export const release = { drive: { linear: 0, angular: 0 } };
export const estop = { estop: true } as const;
export const reset = { reset: true } as const;
export const stop = { action: 'stop' } as const;
