import type { Logger } from 'pino';
import { Subscription } from 'rxjs';
import type { GuardedDrivetrain } from '../drive/guarded-drivetrain.ts';
import type { GuardianReport } from '../drive/guardian.ts';
import type { Pipeline } from './pipeline.ts';

/**
 * Lets the guardian know of every finished control tick, and the pipeline of what the guardian does: without one
 * nothing moves, and what it silenced is no longer as it was written.
 */
export function heedGuardian(
  pipeline: Pick<Pipeline, 'ticks$' | 'fault' | 'forgetWheels'>,
  { guardian, tick }: Pick<GuardedDrivetrain, 'guardian' | 'tick'>,
  logger: Logger,
): Subscription {
  const heed = (report: GuardianReport) => {
    switch (report.type) {
      case 'lost':
        logger.error({ detail: report.detail }, 'the guardian does not run; the robot stands until it does');
        pipeline.fault('guardian_lost', true, report.detail);
        break;
      case 'ready':
        logger.info({ realtime: report.realtime, locked: report.locked }, 'the guardian runs');
        // It has silenced the motors to see whether it can.
        pipeline.forgetWheels();
        pipeline.fault('guardian_silenced', false);
        pipeline.fault('guardian_lost', false);
        break;
      case 'silencing':
        pipeline.forgetWheels();
        pipeline.fault('guardian_silenced', true, whyIn(report));
        break;
      case 'silenced':
        logger.warn({ why: report.why, sinceBeatMs: report.sinceBeatMs }, 'the guardian silenced the motors');
        pipeline.forgetWheels();
        break;
      case 'failing':
        logger.error({ detail: report.detail }, 'the guardian can’t silence a motor; it tries on');
        pipeline.forgetWheels();
        break;
      case 'rearmed':
        pipeline.forgetWheels();
        pipeline.fault('guardian_silenced', false);
        break;
    }
  };
  const both = new Subscription();
  both.add(pipeline.ticks$.subscribe((nowMs) => tick(nowMs)));
  both.add(guardian.reports$.subscribe(heed));
  return both;
}

function whyIn({ why, sinceBeatMs }: Extract<GuardianReport, { type: 'silencing' }>): string {
  return why === 'beat' ? `no sign of life for ${sinceBeatMs} ms` : 'they did not take a stop';
}
