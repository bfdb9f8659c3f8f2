import { type IoPlugin, loadIoPlugin, untilReady } from './io-plugin.ts';
import type { PwmPin } from './pwm-pin.ts';

/** The package of johnny-five's IO plugin for a Pi: with root, through pigpio, on models before Pi 5. */
export const RASPI_IO = 'raspi-io';
const FULL = 255;

/**
 * @returns pins by GPIO, and what gives the plugin back
 * @throws Error when the plugin is missing or does not start
 */
export async function openRaspiPwm(
  load: () => Promise<IoPlugin> = () => loadIoPlugin(RASPI_IO, { enableI2C: false, enableSerial: false }),
): Promise<(gpio: number) => PwmPin> {
  const io = await load();
  if (!io.isReady) await untilReady(RASPI_IO, io);
  return (gpio) => new RaspiPwmPin(io, `GPIO${gpio}`);
}

class RaspiPwmPin implements PwmPin {
  /** pigpio lives in this process: no other can reach it. The PWM ends with the process. */
  readonly silence = [];
  readonly #io: IoPlugin;
  readonly #pin: string;
  #isOpen = false;

  constructor(io: IoPlugin, pin: string) {
    this.#io = io;
    this.#pin = pin;
  }

  async open(): Promise<void> {
    this.#io.pinMode(this.#pin, this.#io.MODES.PWM);
    await this.write(0);
    this.#isOpen = true;
  }

  async write(dutyRatio: number): Promise<void> {
    this.#io.pwmWrite(this.#pin, Math.round(dutyRatio * FULL));
  }

  async enable(): Promise<void> {}

  async close(): Promise<void> {
    if (this.#isOpen) await this.write(0);
    this.#isOpen = false;
  }
}
