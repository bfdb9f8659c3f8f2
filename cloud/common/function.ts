import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import type { Construct } from 'constructs';
import { packageRoot } from '../../config/paths.ts';
import { acknowledge } from './acknowledge.ts';
import { logGroup } from './logs.ts';

export interface NodeFunctionProps {
  /** The handler's file from the project's root; it exports `handler`. */
  readonly entry: string;
  readonly description: string;
  /** 128..10240; processor time grows with it, one whole core at 1769. */
  readonly memoryMiB: number;
  readonly timeoutS: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A handler bundled into one minified ES module, with a role of its own that may do nothing but log and trace. */
export class NodeFunction extends NodejsFunction {
  constructor(scope: Construct, id: string, props: NodeFunctionProps) {
    const logs = logGroup(scope, `${id}Logs`);
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logs.grantWrite(role);
    super(scope, id, {
      entry: join(packageRoot(), props.entry),
      handler: 'handler',
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: props.memoryMiB,
      timeout: Duration.seconds(props.timeoutS),
      environment: { ...props.environment },
      role,
      logGroup: logs,
      tracing: Tracing.ACTIVE,
      projectRoot: packageRoot(),
      depsLockFilePath: join(packageRoot(), 'package-lock.json'),
      bundling: {
        format: OutputFormat.ESM,
        target: 'node24',
        minify: true,
        // The ES module half of a package is what esbuild can shake: a third of the size for the AWS packages.
        mainFields: ['module', 'main'],
        externalModules: [],
      },
    });
    acknowledge(role, {
      'AwsSolutions-IAM5[Resource::*]':
        'X-Ray has no resources: PutTraceSegments and PutTelemetryRecords can be granted on * only.',
    });
  }
}
