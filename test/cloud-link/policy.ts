import { robotPolicy as stackPolicy } from '../../cloud/robot/policy.ts';

const arn = (resource: string) => `arn:aws:iot:eu-west-1:111122223333:${resource}`;

/** As the robots' stack makes it. */
export function robotPolicy(name: string): PolicyDocument {
  return stackPolicy(name, arn, arn('rolealias/camera')) as PolicyDocument;
}

/** The original's: action and telemetry, no more. */
export function originalPolicy(name: string): PolicyDocument {
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
