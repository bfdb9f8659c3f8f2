/**
 * What a robot's certificate may do in the cloud, in the statements of the robot's stack. Resources as in an IoT
 * policy: `arn:aws:iot:REGION:ACCOUNT:client/...`, `topic/...`, `topicfilter/...`.
 */
export function robotPolicy(name: string): PolicyDocument {
  const arn = (resource: string) => `arn:aws:iot:eu-west-1:111122223333:${resource}`;
  const shadow = `$aws/things/${name}/shadow`;
  return {
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: arn(`client/${name}`) },
      {
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: [arn(`topicfilter/${name}/action`), arn(`topicfilter/${shadow}/*`)],
      },
      {
        Effect: 'Allow',
        Action: 'iot:Receive',
        Resource: [arn(`topic/${name}/action`), arn(`topic/${shadow}/*`)],
      },
      {
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: [
          arn(`topic/${name}/telemetry`),
          arn(`topic/${name}/status`),
          arn(`topic/${shadow}/get`),
          arn(`topic/${shadow}/update`),
        ],
      },
      { Effect: 'Allow', Action: 'iot:RetainPublish', Resource: arn(`topic/${name}/status`) },
    ],
  };
}

/** The original's: action and telemetry, no more. */
export function originalPolicy(name: string): PolicyDocument {
  const arn = (resource: string) => `arn:aws:iot:eu-west-1:111122223333:${resource}`;
  const topics = ['action', 'telemetry'];
  return {
    Statement: [
      { Effect: 'Allow', Action: ['iot:Connect'], Resource: [arn(`client/${name}`)] },
      {
        Effect: 'Allow',
        Action: ['iot:Subscribe'],
        Resource: topics.map((topic) => arn(`topicfilter/${name}/${topic}`)),
      },
      {
        Effect: 'Allow',
        Action: ['iot:Publish', 'iot:Receive'],
        Resource: topics.map((topic) => arn(`topic/${name}/${topic}`)),
      },
    ],
  };
}

export interface PolicyDocument {
  readonly Statement: readonly {
    readonly Effect: string;
    readonly Action: string | readonly string[];
    readonly Resource: string | readonly string[];
  }[];
}
