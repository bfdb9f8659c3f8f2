import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import type { Construct } from 'constructs';
import { logGroup } from './logs.ts';

/**
 * Takes over what the CDK and API Gateway make of themselves for an API: the output with its address goes, and the group
 * of execution logs, which API Gateway would make and nobody remove, is one of the stack.
 */
export function ownRestApi(scope: Construct, api: RestApi, stage: string): void {
  api.node.tryRemoveChild('Endpoint');
  const name = `API-Gateway-Execution-Logs_${api.restApiId}/${stage}`;
  api.deploymentStage.node.addDependency(logGroup(scope, 'ExecutionLogs', name));
}
