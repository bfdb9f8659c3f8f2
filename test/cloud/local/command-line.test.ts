import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { packageRoot } from '../../../config/paths.ts';
import { functionResources, until } from './rig.ts';

/** An assembly as synthesis writes it, small and of today: no synthesis is needed. */
const folder = mkdtempSync(join(tmpdir(), 'assembly-'));
const STACK = `desk-test-${process.pid}`;
const write = (name: string, content: unknown) => writeFileSync(join(folder, name), JSON.stringify(content));
const artifact = (name: string) => ({
  type: 'aws:cloudformation:stack',
  properties: { templateFile: `${name}.template.json` },
});

mkdirSync(join(folder, 'asset.hello'));
writeFileSync(
  join(folder, 'asset.hello/index.mjs'),
  "export const handler = async (event) => ({ statusCode: 200, body: 'hello ' + (event.name ?? process.env.NAME) });",
);
const restApi = { RestApiId: { Ref: 'Api' } };
const { HelloRole, Hello } = functionResources('Hello');
write(`${STACK}.template.json`, {
  Parameters: { Name: { Type: 'String', AllowedPattern: '[a-z]+' } },
  Resources: {
    HelloRole,
    Hello: {
      ...Hello,
      Properties: {
        ...Hello!.Properties,
        Code: { S3Bucket: 'b', S3Key: 'hello.zip' },
        Environment: { Variables: { NAME: { Ref: 'Name' } } },
      },
    },
    Thing: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'thing-1' } },
    Idle: { Type: 'AWS::IoT::Thing', Properties: { ThingName: 'thing-2' } },
    Policy: {
      Type: 'AWS::IoT::Policy',
      Properties: {
        PolicyDocument: {
          Statement: {
            Effect: 'Allow',
            Action: 'iot:Connect',
            Resource: { 'Fn::Sub': `arn:aws:iot:\${AWS::Region}:\${AWS::AccountId}:client/thing-1` },
          },
        },
      },
    },
    Api: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'Api' } },
    Get: {
      Type: 'AWS::ApiGateway::Method',
      Properties: {
        ...restApi,
        ResourceId: { 'Fn::GetAtt': ['Api', 'RootResourceId'] },
        HttpMethod: 'GET',
        Integration: {
          Type: 'AWS_PROXY',
          Uri: {
            'Fn::Sub': `arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/\${Hello.Arn}/invocations`,
          },
        },
      },
    },
    May: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { Ref: 'Hello' },
        Principal: 'apigateway.amazonaws.com',
      },
    },
    Stage: { Type: 'AWS::ApiGateway::Stage', Properties: { ...restApi, StageName: 'Prod' } },
  },
  Outputs: {
    Url: { Value: { 'Fn::Sub': `https://\${Api}.execute-api.\${AWS::Region}.amazonaws.com/Prod/` } },
  },
});
write('desk-else.template.json', {
  Resources: { Queue: { Type: 'AWS::Kinesis::Stream' }, Key: { Type: 'AWS::KMS::Key' } },
});
write(`${STACK}.assets.json`, {
  files: { hello: { source: { path: 'asset.hello' }, destinations: { here: { objectKey: 'hello.zip' } } } },
});
write('manifest.json', { artifacts: { [STACK]: artifact(STACK), 'desk-else': artifact('desk-else') } });

interface Running {
  readonly child: ChildProcess;
  output(): string;
  readonly exited: Promise<unknown[]>;
}

function start(...args: string[]): Running {
  const child = spawn(process.execPath, ['cloud/local/run.mjs', ...args], {
    cwd: packageRoot(),
    env: { ...process.env, CDK_OUTDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk));
  return { child, output: () => text, exited: once(child, 'close') };
}

async function ran(...args: string[]): Promise<{ code: unknown; output: string }> {
  const { output, exited } = start(...args);
  const [code] = await exited;
  return { code, output: output() };
}

/** Processes of which this one is the parent. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return parentOf(name) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}
const parentOf = (pid: string) =>
  Number(/\(.*\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]);
const lives = (pid: number) => {
  try {
    // A process that ended but was not waited for yet counts as gone.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

for (const signal of ['SIGINT', 'SIGKILL'] as const) {
  test(`runs until ${signal}, which ends its broker and functions too`, async () => {
    const { child, output, exited } = start(
      STACK,
      '--port',
      '0',
      '--ui-port',
      '0',
      '--parameter',
      'Name=zoe',
    );
    await until(() => output().includes('Ctrl-C ends it.') || child.exitCode !== null, 60_000);
    const url = /http:\/\/127\.0\.0\.1:\d+\/Prod\//.exec(output())?.[0];
    assert.ok(url, output());
    assert.is(await (await fetch(url)).text(), 'hello zoe');
    const page = /on a page: {2}(\S+)/.exec(output())?.[1];
    assert.match(await (await fetch(page!)).text(), /<title>The desk<\/title>/);
    assert.match(output(), /curl -X GET http:\/\/127\.0\.0\.1:\d+\/Prod\/\n/);
    assert.match(
      output(),
      new RegExp(`roverd.js run --simulate --config \\S+/${STACK}/robots/thing-1/config.json`),
    );
    assert.match(output(), /thing-2: no policy lets it connect/);
    assert.not.match(output(), /robots\/thing-2/);
    const children = childrenOf(child.pid!);
    assert.ok(children.length >= 2, 'a broker and a function');
    child.kill(signal);
    const [code] = await exited;
    assert.is(code, signal === 'SIGINT' ? 0 : null, output());
    await until(() => !children.some(lives));
  });
}

test('invokes the only function with a file, without a page', async () => {
  write('event.json', { name: 'from a file' });
  const event = ['--no-ui', '--payload', join(folder, 'event.json')];
  const { code, output } = await ran(STACK, '--port', '0', '--parameter', 'Name=zoe', ...event);
  assert.is(code, 0, output);
  assert.match(output, /\{"statusCode":200,"body":"hello from a file"\}/);
});

test('invokes one function with a saved event', async () => {
  write('event.json', { name: 'saved' });
  const { code, output } = await ran(
    STACK,
    '--port',
    '0',
    '--parameter',
    'Name=zoe',
    '--invoke',
    'Hello',
    '--payload',
    join(folder, 'event.json'),
  );
  assert.is(code, 0, output);
  assert.match(output, /\{"statusCode":200,"body":"hello saved"\}/);
});

const refusals: readonly (readonly [args: string[], said: RegExp])[] = [
  [['nothing'], new RegExp(`Expected one of the stacks ${STACK}, desk-else but received nothing`)],
  [
    ['else'],
    /The desk does not support\n {2}Queue \(AWS::Kinesis::Stream\): the type\n {2}Key \(AWS::KMS::Key\): the type/,
  ],
  [[STACK], /Expected a value for the parameter Name: --parameter Name=/],
  [[STACK, '--parameter', 'Name=Zoe'], /Expected the parameter Name to be as \[a-z\]\+ but received "Zoe"/],
  [[STACK, '--parameter', 'Name'], /Expected NAME=VALUE/],
  [[STACK, '--port', '70000'], /Expected 0 to 65535/],
  [
    [STACK, '--payload', 'nothing'],
    /Expected a file or one of the saved events \(none is saved\) but received nothing/,
  ],
  [
    [STACK, '--port', '0', '--ui-port', '0', '--parameter', 'Name=zoe', '--robot', 'else'],
    /one of the robots thing-1 but received else/,
  ],
];
for (const [args, said] of refusals) {
  test(`refuses ${args.join(' ').replace(STACK, 'STACK')}`, async () => {
    const { code, output } = await ran(...args);
    assert.is(code, 1, output);
    assert.match(output, said);
    assert.not.match(output, /\n\s+at /, 'no stack of calls');
  });
}

test.after(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(packageRoot(), '.roverd/desk', STACK), { recursive: true, force: true });
  rmSync(join(packageRoot(), '.roverd/desk/desk-else'), { recursive: true, force: true });
});

test.run();
