import {
  createSimulatedDrivetrain,
  FREE_RUNNING_LOAD_RATIO,
  type SimulatedDrivetrain,
  type SimulatedDrivetrainOptions,
} from '../drive/simulated.ts';
import type { Sensor } from '../telemetry/sensor.ts';
import type { FrameProducer } from '../video/camera.ts';
import { APARTMENT } from './apartment.ts';
import { capacityForMinutes, createBattery } from './battery.ts';
import { createObstacles } from './collision.ts';
import { createFrameProducer } from './frame-producer.ts';
import type { Body } from './kinematics.ts';
import { Motion, type SimulatedPose } from './motion.ts';
import { PoseMemory } from './pose-memory.ts';
import type { Room } from './room.ts';
import { createWifi } from './wifi.ts';

export interface SimulatorOptions {
  /** Charge at the start, 0..1. Default 1. */
  readonly batteryRatio?: number;
  /** How long a full battery lasts at full speed. Default 60. */
  readonly batteryMinutes?: number;
  /** Whether there is Wi-Fi to measure. Default true. */
  readonly wifi?: boolean;
  readonly room?: Room;
  readonly body?: Body;
  readonly drivetrain?: SimulatedDrivetrainOptions;
  /** The camera's worker, where it is not `dist/camera-worker.js`. */
  readonly workerPath?: string;
}

export interface Simulator {
  readonly drivetrain: SimulatedDrivetrain;
  readonly sensors: readonly Sensor[];
  readonly producer: FrameProducer;
  pose(): SimulatedPose;
  /** The newest command that has reached the wheels: the picture's strip carries it. */
  setAppliedSeq(seq: number | null): void;
  /** Moves the robot on to `nowMs`, on the same monotonic clock as the start. Made for every control tick. */
  advance(nowMs: number): void;
  /** Ends the camera's worker and stops the wheels. */
  close(): Promise<void>;
}

export const ROVER: Body = {
  radiusM: 0.16,
  heightM: 0.62,
  trackM: 0.28,
  fullSpeedMPerS: 0.6,
  eyeM: 0.56,
};

/**
 * A robot in a room: wheels, battery, Wi-Fi and a camera that sees it.
 * @param startMs the time from which the first `advance` counts
 * @throws RangeError when an option is out of range
 */
export function createSimulator(options: SimulatorOptions, startMs: number): Simulator {
  const room = options.room ?? APARTMENT;
  const body = options.body ?? ROVER;
  const drivetrain = createSimulatedDrivetrain(options.drivetrain);
  const battery = createBattery({
    startRatio: options.batteryRatio ?? 1,
    capacityWh: capacityForMinutes(options.batteryMinutes ?? 60, FREE_RUNNING_LOAD_RATIO),
  });
  const obstacles = createObstacles(room, body);
  const motion = new Motion({ drivetrain, battery, obstacles, body }, room.start, startMs);
  const memory = new PoseMemory();
  const { workerPath } = options;
  const producer = createFrameProducer({
    memory,
    room,
    eyeM: body.eyeM,
    ...(workerPath === undefined ? {} : { workerPath }),
  });
  let appliedSeq: number | null = null;

  const publish = () => {
    const { xM, yM, headingRad } = motion.pose;
    memory.write(xM, yM, headingRad, appliedSeq);
  };
  publish();

  const sensors: Sensor[] = [
    {
      name: 'simulated battery',
      read: async () => ({
        batteryVolts: round(battery.volts(), 3),
        batteryRatio: round(battery.ratio(), 4),
      }),
    },
  ];
  if (options.wifi ?? true) {
    const wifi = createWifi(room);
    sensors.push({
      name: 'simulated wifi',
      read: async () => {
        const { dbm, qualityRatio } = wifi(motion.pose);
        return { wifiDbm: Math.round(dbm), wifiQualityRatio: round(qualityRatio, 2) };
      },
    });
  }

  return {
    drivetrain,
    sensors,
    producer,
    pose: () => motion.pose,
    setAppliedSeq(seq) {
      appliedSeq = seq;
      publish();
    },
    advance(nowMs) {
      motion.advance(nowMs);
      publish();
    },
    async close() {
      await Promise.all([producer.stop(), drivetrain.close()]);
    },
  };
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
