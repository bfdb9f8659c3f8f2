import { randomUUID } from 'node:crypto';
import type { Addresses } from '../desk/addresses.ts';
import type { DeskLog } from '../desk/log.ts';
import { PLACE } from '../desk/place.ts';
import { glob } from '../iam/policy.ts';
import type { Principals } from '../iam/principals.ts';
import { Instance, type Outcome } from './instance.ts';

export interface FunctionConfig {
  readonly arn: string;
  readonly name: string;
  /** How it is called in the log. */
  readonly label: string;
  readonly folder: string;
  readonly handler: string;
  readonly runtime: string;
  readonly roleArn: string;
  readonly timeoutMs: number;
  readonly memoryMiB: number;
  readonly logGroup: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Instances at a time. */
  readonly concurrency: number;
}

/** A statement of a function's own policy: who may invoke it. */
export interface Permission {
  readonly functionArn: string;
  readonly principal: string;
  /** With wildcards; null: any. */
  readonly sourceArn: string | null;
}

export interface Invoker {
  readonly principal: string;
  readonly sourceArn: string;
}

interface Running {
  readonly config: FunctionConfig;
  readonly idle: Instance[];
  readonly all: Set<Instance>;
  starting: number;
}

export interface FunctionsOptions {
  readonly principals: Principals;
  readonly addresses: Addresses;
  readonly log: DeskLog;
  /** A line for a log group. */
  readonly onEntry: (logGroup: string, text: string) => void;
  /** Variables that make the SDK call the desk and trust it. */
  readonly deskVariables: () => Readonly<Record<string, string>>;
}

/** Functions as Lambda runs them: each event goes to an idle instance, or to a new one, up to the limit. */
export class Functions {
  readonly #options: FunctionsOptions;
  readonly #functions = new Map<string, Running>();
  readonly #permissions: Permission[] = [];
  readonly #starting = new Set<Promise<unknown>>();
  #closed = false;

  constructor(options: FunctionsOptions) {
    this.#options = options;
  }

  add(config: FunctionConfig): void {
    this.#functions.set(config.arn, { config, idle: [], all: new Set(), starting: 0 });
  }

  permit(permission: Permission): void {
    this.#permissions.push(permission);
  }

  get all(): readonly FunctionConfig[] {
    return [...this.#functions.values()].map(({ config }) => config);
  }

  /** @throws Error when there is no such function */
  config(arn: string): FunctionConfig {
    return this.#find(arn).config;
  }

  /**
   * Whether a service may invoke a function: its own policy has to say so.
   * @throws Error when there is no such function
   */
  permits(arn: string, { principal, sourceArn }: Invoker): boolean {
    const { config } = this.#find(arn);
    return this.#permissions.some(
      (one) =>
        one.functionArn === config.arn &&
        one.principal === principal &&
        (one.sourceArn === null || glob(one.sourceArn).test(sourceArn)),
    );
  }

  /** Never rejects for what the function does. @param id of the request: the same for each of its tries */
  async invoke(arn: string, event: unknown, id: string = randomUUID()): Promise<Outcome> {
    const running = this.#find(arn);
    const { config } = running;
    const instance = running.idle.pop() ?? (await this.#start(running));
    if (!(instance instanceof Instance)) return this.#said(config, { ok: false, error: instance });
    const outcome = await instance.invoke({
      id,
      event: JSON.stringify(event),
      timeoutMs: config.timeoutMs,
      context: {
        awsRequestId: id,
        functionName: config.name,
        functionVersion: '$LATEST',
        invokedFunctionArn: config.arn,
        memoryLimitInMB: `${config.memoryMiB}`,
        logGroupName: config.logGroup,
        logStreamName: 'desk',
      },
    });
    if (instance.gone) running.all.delete(instance);
    else running.idle.push(instance);
    return this.#said(config, outcome);
  }

  /** Ends every instance, also those that are only just starting. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#starting);
    const instances = [...this.#functions.values()].flatMap(({ all }) => [...all]);
    await Promise.all(instances.map((instance) => instance.end()));
  }

  async #start(running: Running): Promise<Instance | { errorType: string; errorMessage: string }> {
    const { config, all } = running;
    if (all.size + running.starting >= config.concurrency) {
      return { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' };
    }
    if (this.#closed) return { errorType: 'Runtime.ExitError', errorMessage: 'The desk is closed' };
    running.starting += 1;
    try {
      const onLine = (text: string) => {
        this.#options.log.line(config.label, text);
        this.#options.onEntry(config.logGroup, text);
      };
      const starting = Instance.start({ environment: this.#environment(config), onLine }).then((started) => {
        if (started instanceof Instance) all.add(started);
        return started;
      });
      this.#starting.add(starting);
      return await starting.finally(() => this.#starting.delete(starting));
    } finally {
      running.starting -= 1;
    }
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
  #environment(config: FunctionConfig): Record<string, string> {
    const { principals, addresses, deskVariables } = this.#options;
    const keys = principals.assume(config.roleArn, 'lambda.amazonaws.com');
    const own = Object.entries(config.environment).map(([name, value]) => [name, addresses.localized(value)]);
    return {
      PATH: process.env.PATH ?? '',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
      // What the SDK says of this machine's Node is nothing about the function's.
      NODE_NO_WARNINGS: '1',
      ...deskVariables(),
      _HANDLER: config.handler,
      LAMBDA_TASK_ROOT: config.folder,
      AWS_EXECUTION_ENV: `AWS_Lambda_${config.runtime}`,
      AWS_REGION: PLACE.region,
      AWS_DEFAULT_REGION: PLACE.region,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
      AWS_LAMBDA_FUNCTION_NAME: config.name,
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: `${config.memoryMiB}`,
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: config.logGroup,
      AWS_LAMBDA_LOG_STREAM_NAME: 'desk',
      ...Object.fromEntries(own),
    };
  }

  #said(config: FunctionConfig, outcome: Outcome): Outcome {
    if (!outcome.ok) {
      this.#options.log.line(config.label, `${outcome.error.errorType}: ${outcome.error.errorMessage}`);
    }
    return outcome;
  }

  #find(arn: string): Running {
    const running = this.#functions.get(arn);
    if (!running) throw new Error(`Expected a function of the template but received ${arn}`);
    return running;
  }
}
