/** Two motors by the driver motor-hat. A child process of i2c.ts. */
import { openMotorHat } from '../../firmware/drive/motor-hat.ts';
import { serve } from './i2c-process.ts';

async function start(): Promise<void> {
  const drivetrain = await openMotorHat(
    {
      bus: 1,
      address: 0x60,
      leftMotor: 1,
      rightMotor: 2,
      whenStopped: 'brake',
      invertLeft: false,
      invertRight: false,
    },
    { logger: { warn: (text: string) => console.error(text) } as never },
  );
  serve((left, right) => (left === 0 && right === 0 ? drivetrain.stop() : drivetrain.set(left, right)));
}

if (process.argv[2] === 'drive') await start();
