import { SchedulerClient } from '@aws-sdk/client-scheduler';
import type { Context } from 'aws-lambda';
import type { Environment } from '../common/environment.lambda-shared.ts';
import { carryOut } from './carry-out.lambda-shared.ts';
import { carryOutOptions, deadline, schedulerOptions } from './environment.lambda-shared.ts';
import { dueIn, SchedulerAgenda } from './scheduler-agenda.lambda-shared.ts';

type Handler = (event: unknown, context: Context) => Promise<void>;

/** Rewrites the object of one schedule. */
export function createRewrite(env: Environment, targetArn: string): Handler {
  const agenda = new SchedulerAgenda(new SchedulerClient({}), { ...schedulerOptions(env), targetArn });
  const options = carryOutOptions(env, agenda);
  return (event, context) => carryOut(dueIn(event), deadline(context), options);
}

let rewrite: Handler | undefined;
export const handler: Handler = (event, context) => {
  // Its own address can't stand in its own environment.
  rewrite ??= createRewrite(process.env, context.invokedFunctionArn);
  return rewrite(event, context);
};
