import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Family } from '../desk/family.ts';
import { arn } from '../desk/place.ts';
import type { Properties } from '../template/template.ts';
import type { Functions } from './functions.ts';

interface FunctionProperties {
  readonly Code: { readonly S3Key: string };
  readonly DeadLetterConfig?: { readonly TargetArn: string };
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
  readonly FunctionName?: string;
  readonly Handler: string;
  readonly LoggingConfig?: { readonly LogGroup?: string };
  readonly MemorySize?: number;
  readonly ReservedConcurrentExecutions?: number;
  readonly Role: string;
  readonly Runtime: string;
  readonly Timeout?: number;
}

/** Lambda's own defaults. */
const DEFAULTS = { timeoutS: 3, memoryMiB: 128 };
/** A desk has no thousand processes to give. */
const MAX_INSTANCES = 16;

export const lambda: Family = {
  'AWS::Lambda::Function': {
    properties: [
      'Architectures',
      'Code',
      'DeadLetterConfig',
      'Description',
      'Environment',
      'FunctionName',
      'Handler',
      'LoggingConfig',
      'MemorySize',
      'ReservedConcurrentExecutions',
      'Role',
      'Runtime',
      'Tags',
      'Timeout',
      'TracingConfig',
    ],
    unsupported({ Runtime, Code }) {
      return [
        ...(/^nodejs\d+\.x$/.test(String(Runtime)) ? [] : [`the runtime ${Runtime}`]),
        ...('S3Key' in (Code as Properties) ? [] : ['code that is no asset of the assembly']),
      ];
    },
    create({ name, logicalId, properties, stack }, { functions, later }) {
      const given = properties as unknown as FunctionProperties;
      const functionName = given.FunctionName ?? name;
      const functionArn = arn('lambda', `function:${functionName}`);
      const folder = stack.assetFolder(given.Code.S3Key);
      const module = given.Handler.replace(/\.[^.]+$/, '');
      if (!['mjs', 'js', 'cjs'].some((ending) => existsSync(join(folder, `${module}.${ending}`)))) {
        throw new Error(`Expected ${module}.mjs, .js or .cjs in ${folder}`);
      }
      functions.add({
        arn: functionArn,
        name: functionName,
        label: logicalId.replace(/[0-9A-F]{8}$/, ''),
        folder,
        handler: given.Handler,
        runtime: given.Runtime,
        roleArn: given.Role,
        timeoutMs: (given.Timeout ?? DEFAULTS.timeoutS) * 1000,
        memoryMiB: given.MemorySize ?? DEFAULTS.memoryMiB,
        logGroup: given.LoggingConfig?.LogGroup ?? `/aws/lambda/${functionName}`,
        environment: given.Environment?.Variables ?? {},
        concurrency: Math.min(given.ReservedConcurrentExecutions ?? MAX_INSTANCES, MAX_INSTANCES),
      });
      if (given.DeadLetterConfig) later.setDeadLetter(functionArn, given.DeadLetterConfig.TargetArn);
      return { ref: functionName, attributes: { Arn: functionArn } };
    },
  },
  'AWS::Lambda::EventInvokeConfig': {
    properties: [
      'DestinationConfig',
      'FunctionName',
      'MaximumEventAgeInSeconds',
      'MaximumRetryAttempts',
      'Qualifier',
    ],
    unsupported: ({ Qualifier }) => (Qualifier === '$LATEST' ? [] : [`the qualifier ${Qualifier}`]),
    create({ name, properties }, { functions, later }) {
      const {
        FunctionName,
        MaximumEventAgeInSeconds,
        MaximumRetryAttempts,
        DestinationConfig = {},
      } = properties;
      const { OnSuccess, OnFailure } = DestinationConfig as Readonly<
        Record<string, { readonly Destination: string }>
      >;
      later.configure(functionNamed(functions, String(FunctionName)), {
        ...(MaximumEventAgeInSeconds === undefined ? {} : { maxAgeS: Number(MaximumEventAgeInSeconds) }),
        ...(MaximumRetryAttempts === undefined ? {} : { maxRetries: Number(MaximumRetryAttempts) }),
        onSuccess: OnSuccess?.Destination ?? null,
        onFailure: OnFailure?.Destination ?? null,
      });
      return { ref: name };
    },
  },
  'AWS::Lambda::Permission': {
    properties: ['Action', 'FunctionName', 'Principal', 'SourceAccount', 'SourceArn'],
    unsupported: ({ Action }) => (Action === 'lambda:InvokeFunction' ? [] : [`the action ${Action}`]),
    create({ name, properties }, { functions }) {
      const { FunctionName, Principal, SourceArn = null } = properties as Readonly<Record<string, string>>;
      const functionArn = functionNamed(functions, FunctionName!);
      functions.permit({ functionArn, principal: Principal!, sourceArn: SourceArn });
      return { ref: name };
    },
  },
};

/** @returns the ARN. @throws Error when there is no function of this name or ARN */
export function functionNamed(functions: Functions, wanted: string): string {
  const found = functions.all.find(({ arn, name }) => [arn, name].includes(wanted));
  if (!found) throw new Error(`Expected a function of the template but received ${wanted}`);
  return found.arn;
}
