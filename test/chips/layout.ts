/** Where things stand in the shared file, as preload/state.h has them, whose assertions hold the two together. */
export const MAGIC = 0x70696863;
export const VERSION = 1;
export const SIZE = 10_747_904;

export const HEADER = {
  magic: 0,
  version: 4,
  buses: 8,
  adapter: 12,
  clockHz: 16,
  openError: 20,
  holder: 28,
  logCount: 32,
  outputCount: 40,
  mutex: 128,
  pwmRoot: 256,
} as const;
export const PWM_ROOT_LENGTH = 1024;

export const LINES = { at: 2048, size: 32, count: 32 } as const;
export const LINE = { device: 8, inode: 16, timeoutMs: 24 } as const;

export const CHIPS = { at: 4096, size: 1024, count: 16 } as const;
export const CHIP = {
  kind: 0,
  bus: 4,
  address: 8,
  present: 12,
  powerRequestNs: 16,
  inputs: 32,
  readyNs: 64,
  outputs: 76,
  duty: 112,
  registers: 256,
} as const;
export const CHIP_KINDS = { pca9685: 1, ads1015: 2, cap1208: 3 } as const;

export const FAULTS = { at: 20_480, size: 128, count: 32 } as const;
export const FAULT = {
  generation: 0,
  kind: 4,
  error: 8,
  limited: 12,
  left: 16,
  scope: 20,
  bus: 24,
  address: 28,
  pid: 32,
  register: 36,
  directions: 40,
  attribute: 44,
  delayNs: 48,
  hits: 56,
  skip: 60,
} as const;
export const FAULT_KINDS = { error: 1, slow: 2, hangCall: 3, hangBus: 4 } as const;

export const PWM_CHIPS = { at: 24_576, size: 256, count: 16 } as const;
export const PWM_CHIP = { npwm: 0, outputs: 4, channels: 64, channelSize: 40 } as const;
export const PWM_CHANNEL = { enabled: 4, inversed: 8, groupAfterMs: 12, periodNs: 16, dutyNs: 24 } as const;
export const PWM_FILES = { at: 28_672, size: 32, count: 256 } as const;
export const PWM_FILE = { device: 0, inode: 8, chip: 16, channel: 20, attribute: 24 } as const;
/** Their numbers, by place; 0 stands for any. */
export const PWM_ATTRIBUTES = [
  '',
  'export',
  'unexport',
  'period',
  'duty_cycle',
  'enable',
  'polarity',
] as const;

export const TRANSFERS = { at: 65_536, size: 2048, count: 64 } as const;
export const TRANSFER_STATES = { queued: 1, running: 2 } as const;

export const LOG = { at: 262_144, size: 128, count: 65_536 } as const;
export const ENTRY = {
  sequence: 0,
  startNs: 8,
  beginNs: 16,
  endNs: 24,
  pid: 32,
  scope: 36,
  bus: 38,
  address: 40,
  attribute: 42,
  error: 44,
  wrote: 48,
  read: 50,
  outputs: 52,
  bytes: 56,
} as const;

export const OUTPUT_LOG = { at: 8_650_752, size: 32, count: 65_536 } as const;
export const OUTPUT = { sequence: 0, atNs: 8, scope: 16, bus: 18, address: 20, outputs: 24 } as const;

export const SCOPES = { i2c: 1, pwm: 2 } as const;
