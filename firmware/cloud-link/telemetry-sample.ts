import type { RobotState } from '../teleop/wire.ts';
import type { TelemetrySample } from './telemetry-feed.ts';

/** Of the robot's state, what is worth keeping over time. Reasons by their codes; the texts are for operators. */
export function telemetrySample({
  atMs,
  uptimeS,
  samples,
  wheels,
  estop,
  operator,
  reasons,
  counters,
  video: { viewers, state, bitrateKbps },
  cloud,
  pose,
}: RobotState): TelemetrySample {
  return {
    atMs,
    uptimeS,
    samples,
    wheels,
    estop,
    operator: operator && { name: operator.name, link: operator.link },
    reasons: reasons.map(({ code }) => code),
    counters,
    video: { viewers, state, bitrateKbps },
    ...(cloud ? { cloud: { connections: cloud.connections, commands: cloud.commands } } : {}),
    ...(pose ? { pose } : {}),
  };
}
