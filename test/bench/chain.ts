import { until } from '../cloud/local/rig.ts';
import { openRobotStack } from '../cloud/local/robot-stack.ts';
import { connected, linkRobot } from '../cloud-link/rig.ts';
import { type Figure, figure, monotonicMs, sleep } from './figure.ts';

const ROUNDS = 300;
/** Below the throttle of the robots' stack: 50 a second. */
const PAUSE_MS = 25;
const STEPS = ['authorized', 'validated', 'published', 'answered'] as const;

/**
 * The whole way of a command in the cloud, on one machine: the request to the API, authorizer (kept and asked), model,
 * function, broker with TLS, the robot's link and pipeline, and the wheels. The network between is what is missing.
 */
export async function bench(): Promise<Figure[]> {
  const desk = await openRobotStack(['sts-pi']);
  let turnedMs = 0;
  const identity = { ...(await desk.authority.issue('sts-pi')), ca: desk.authority.ca };
  const robot = await linkRobot('sts-pi', desk.iot.port, identity, {}, () => {
    turnedMs ||= monotonicMs();
  });
  try {
    await until(() => connected(robot), 30_000);
    /** @param turning false: it may come too late for the robot, which is told by its age */
    const drive = async (token: string, turning = true): Promise<number> => {
      await until(() => robot.still());
      desk.forgetSteps();
      turnedMs = 0;
      const sentMs = monotonicMs();
      const command = JSON.stringify({ drive: { linear: 0.5, angular: 0 } });
      const response = await desk.call('publish', token, command);
      if (response.status !== 200)
        throw new Error(`a command answered ${response.status}: ${await response.text()}`);
      await until(() => (turnedMs > 0 || !turning) && desk.steps.some(({ step }) => step === 'answered'));
      return sentMs;
    };
    const stop = async (token: string) => {
      await desk.call('publish', token, '{"action":"stop"}');
      await sleep(PAUSE_MS);
    };
    const token = `Bearer ${await desk.tokenOf('operators')}`;
    const firstMs = await drive(token, false);
    const cold = desk.steps.find(({ step }) => step === 'answered')!.atMs - firstMs;
    await stop(token);
    const delays: Record<(typeof STEPS)[number] | 'wheels', number[]> = {
      authorized: [],
      validated: [],
      published: [],
      answered: [],
      wheels: [],
    };
    for (let round = 0; round < ROUNDS; round++) {
      const sentMs = await drive(token);
      for (const name of STEPS)
        delays[name].push(desk.steps.find(({ step }) => step === name)!.atMs - sentMs);
      delays.wheels.push(turnedMs - sentMs);
      await stop(token);
    }
    const asked: number[] = [];
    for (let round = 0; round < ROUNDS / 10; round++) {
      const fresh = `Bearer ${await desk.tokenOf('operators')}`;
      const sentMs = await drive(fresh);
      asked.push(desk.steps.find(({ step }) => step === 'authorized')!.atMs - sentMs);
      await stop(fresh);
    }
    return [
      figure('cloud on one machine: request to authorized, policy kept', 'ms', delays.authorized),
      figure('cloud on one machine: request to authorized, token not seen before', 'ms', asked),
      figure('cloud on one machine: request to model checked', 'ms', delays.validated),
      figure('cloud on one machine: request to taken by the broker', 'ms', delays.published),
      figure('cloud on one machine: request to answer', 'ms', delays.answered),
      figure('cloud on one machine: request to wheels', 'ms', delays.wheels),
      figure('cloud on one machine: request to answer, functions not loaded yet', 'ms', [cold]),
    ];
  } finally {
    await robot.close();
    await desk.close();
  }
}
