/**
 * What a robot's certificate may do: connect under its own name, hear its own commands and settings, tell its own
 * telemetry and status, and fetch credentials for its camera. A certificate that is not attached to the thing
 * may not even connect.
 * @param iotArn names an IoT resource of this account, such as `topic/sts-pi/action`
 */
export function robotPolicy(
  name: string,
  iotArn: (resource: string) => string,
  roleAliasArn: string,
): object {
  const shadow = `$aws/things/${name}/shadow`;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: 'iot:Connect',
        Resource: iotArn(`client/${name}`),
        Condition: { Bool: { 'iot:Connection.Thing.IsAttached': 'true' } },
      },
      {
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: [iotArn(`topicfilter/${name}/action`), iotArn(`topicfilter/${shadow}/*`)],
      },
      {
        Effect: 'Allow',
        Action: 'iot:Receive',
        Resource: [iotArn(`topic/${name}/action`), iotArn(`topic/${shadow}/*`)],
      },
      {
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: [
          iotArn(`topic/${name}/telemetry`),
          iotArn(`topic/${name}/status`),
          iotArn(`topic/${shadow}/get`),
          iotArn(`topic/${shadow}/update`),
        ],
      },
      { Effect: 'Allow', Action: 'iot:RetainPublish', Resource: iotArn(`topic/${name}/status`) },
      { Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: roleAliasArn },
    ],
  };
}
