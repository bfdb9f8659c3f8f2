/** Two motors by johnny-five's own Motor and its configuration of the Motor HAT. A child process of i2c.ts. */
import { createRequire } from 'node:module';
import { I2cBusIo } from '../chips/johnny-five-io.ts';
import { serve } from './i2c-process.ts';

interface Motor {
  forward(speed: number): void;
  reverse(speed: number): void;
  stop(): void;
}

function start(): void {
  const { Board, Motor } = createRequire(import.meta.url)('johnny-five');
  const board = new Board({ io: new I2cBusIo(), repl: false, sigint: false, debug: false });
  board.once('ready', () => {
    const { M1, M2 } = Motor.SHIELD_CONFIGS.ADAFRUIT_V2;
    const motors: Motor[] = [new Motor({ ...M1, frequency: 1526 }), new Motor({ ...M2, frequency: 1526 })];
    const turn = (motor: Motor, ratio: number) => {
      if (ratio > 0) motor.forward(ratio * 255);
      else if (ratio < 0) motor.reverse(-ratio * 255);
      else motor.stop();
    };
    serve((left, right) => {
      turn(motors[0]!, left);
      turn(motors[1]!, right);
    });
  });
}

if (process.argv[2] === 'drive') start();
