import type { Logger } from 'pino';
import type { Config } from '../../config/schema.ts';
import type { Clock, Pipeline } from '../command/pipeline.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { VideoSessions } from '../video/sessions.ts';
import type { TokenStore } from './tokens.ts';
import type { Hello, RobotState } from './wire.ts';

/** What the server needs of the robot. */
export interface RobotAccess {
  readonly pipeline: Pick<
    Pipeline,
    'send' | 'takeOver' | 'release' | 'linkClosed' | 'linkFaults' | 'changes$'
  >;
  readonly tokens: TokenStore;
  /** Null where video is off. */
  readonly video: Pick<VideoSessions, 'open'> | null;
  readonly hello: Omit<Hello, 'you'>;
  state(): RobotState;
  /** From when on a link slows its operator down. */
  readonly limits: Config['limits'];
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface TeleopOptions {
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  readonly token: string;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  readonly maxConnections: number;
  readonly messagesPerS: number;
  readonly messageBurst: number;
  readonly requestsPerS: number;
  readonly stateEveryMs: number;
  /** Folder with the built page. */
  readonly pageDir: string;
}
