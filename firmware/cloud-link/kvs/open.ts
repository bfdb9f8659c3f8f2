import type { Config } from '../../../config/schema.ts';
import type { RobotState } from '../../teleop/wire.ts';
import { createAdmit } from '../access-tokens.ts';
import { mutualTlsAgent, publicTlsAgent } from '../agents.ts';
import { AwsClock } from '../aws-clock.ts';
import { thingNameOf } from '../cloud-link.ts';
import { createCredentials, fetchCredentials } from '../credentials.ts';
import { readIdentity } from '../identity.ts';
import { createKvsCalls } from './calls.ts';
import { createMaster } from './master.ts';
import { openSocket } from './socket.ts';
import { KvsViewers, type WatchedRobot } from './viewers.ts';

export interface KvsLink {
  status(): NonNullable<RobotState['kvs']>;
  close(): Promise<void>;
}

/**
 * Puts the robot on its KVS signaling channel, as master, and goes on trying for as long as it runs.
 * @throws Error when certificate or key can't be read
 */
export function openKvs(config: Config, robot: WatchedRobot): KvsLink {
  const { clock, logger } = robot;
  const { cloud, video, teleop } = config;
  const thingName = thingNameOf(config);
  const identity = readIdentity(cloud);
  const awsClock = new AwsClock(clock);
  const mutual = mutualTlsAgent(identity);
  const agent = publicTlsAgent(identity.ca);
  const credentials = createCredentials({
    fetch: () =>
      fetchCredentials({
        endpoint: cloud.credentialsEndpoint,
        roleAlias: cloud.roleAlias,
        thingName,
        agent: mutual,
        awsClock,
      }),
    awsClock,
    clock,
    logger,
  });
  const ownEndpoint = cloud.kvsEndpoint !== '';
  const endpoint = ownEndpoint ? cloud.kvsEndpoint : `kinesisvideo.${cloud.region}.${domainOf(cloud.region)}`;
  const master = createMaster({
    channelName: cloud.channelName || thingName,
    calls: createKvsCalls({
      region: cloud.region,
      endpoint,
      agent,
      credentials: credentials.provide,
      awsClock,
    }),
    openSocket: openSocket(agent),
    awsClock,
    clock,
    // The region's STUN server, as in AWS's own clients; its name says nothing about another endpoint.
    iceServers: [...video.iceServers, ...(ownEndpoint ? [] : [{ urls: [`stun:stun.${endpoint}:443`] }])],
    received: (message) => viewers.receive(message),
    logger,
  });
  const viewers = new KvsViewers(robot, {
    messagesPerS: teleop.messagesPerS,
    messageBurst: teleop.messageBurst,
    stateEveryMs: teleop.stateEveryMs,
    admit: createAdmit({
      tokens: robot.tokens,
      issuer: cloud.tokenIssuer,
      audience: cloud.tokenAudience,
      operatorScope: cloud.operatorScope,
      viewerScope: cloud.viewerScope,
      wallMs: () => awsClock.wallMs(),
    }),
    wallMs: () => awsClock.wallMs(),
    iceServers: () => master.iceServers(),
    send: (message) => master.send(message),
  });
  master.start();
  return {
    status: () => ({ state: master.state, viewers: viewers.size, error: master.problem?.text ?? null }),
    async close() {
      master.close();
      credentials.close();
      await viewers.close();
      mutual.destroy();
      agent.destroy();
    },
  };
}

function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
