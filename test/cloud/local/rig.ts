import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LineFeed } from '../../../cloud/local/desk/line-feed.ts';
import { createLog, type Step } from '../../../cloud/local/desk/log.ts';
import { type OpenDesk, openDesk } from '../../../cloud/local/desk/open-desk.ts';
import type { SynthesizedStack } from '../../../cloud/local/template/assembly.ts';
import type { Resource, Template } from '../../../cloud/local/template/template.ts';

export interface DeskRig extends OpenDesk {
  /** What was logged so far, each line after its source. */
  readonly lines: readonly string[];
  readonly feed: LineFeed;
  readonly steps: readonly { readonly step: Step; readonly atMs: number }[];
  forgetSteps(): void;
}

/** Runs a stack in a temporary folder. */
export async function openRig(
  stack: SynthesizedStack,
  parameters: Readonly<Record<string, string>> = {},
): Promise<DeskRig> {
  const folder = mkdtempSync(join(tmpdir(), 'desk-'));
  const lines: string[] = [];
  const steps: { step: Step; atMs: number }[] = [];
  const feed = new LineFeed();
  const log = createLog(
    (source, text) => {
      lines.push(`${source} ${text}`);
      feed.add({ atMs: Date.now(), source, text });
    },
    (step, atMs) => steps.push({ step, atMs }),
  );
  try {
    const desk = await openDesk(stack, { folder: join(folder, 'desk'), port: 0, parameters, log });
    return {
      ...desk,
      lines,
      feed,
      steps,
      forgetSteps: () => void steps.splice(0),
      async close() {
        await desk.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

export interface WrittenStack {
  readonly stack: SynthesizedStack;
  remove(): void;
}

/** A stack written by hand. @param bundles code of `index.mjs`, by S3Key */
export function writeStack(
  resources: Readonly<Record<string, Resource>>,
  bundles: Readonly<Record<string, string>> = {},
  rest: Partial<Template> = {},
): WrittenStack {
  const folder = mkdtempSync(join(tmpdir(), 'bundles-'));
  for (const [key, code] of Object.entries(bundles)) {
    mkdirSync(join(folder, key));
    writeFileSync(join(folder, key, 'index.mjs'), code);
  }
  return {
    stack: {
      name: 'small',
      template: { ...rest, Resources: resources },
      before: [],
      assetFolder: (key) => join(folder, key),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A function and its role, which may do what `statements` say. */
export function functionResources(
  name: string,
  properties: Readonly<Record<string, unknown>> = {},
  statements: readonly object[] = [],
): Readonly<Record<string, Resource>> {
  return {
    [`${name}Role`]: {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Statement: [
            { Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' } },
          ],
        },
        Policies:
          statements.length > 0 ? [{ PolicyName: 'own', PolicyDocument: { Statement: statements } }] : [],
      },
    },
    [name]: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Code: { S3Bucket: 'assets', S3Key: name },
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': [`${name}Role`, 'Arn'] },
        Runtime: 'nodejs24.x',
        Timeout: 10,
        ...properties,
      },
    },
  };
}

/** Waits for a condition. @throws Error when it does not come within `limitMs` */
export async function until(holds: () => boolean | Promise<boolean>, limitMs = 10_000): Promise<void> {
  const startedMs = performance.now();
  while (!(await holds())) {
    if (performance.now() - startedMs > limitMs) throw new Error(`Expected within ${limitMs} ms: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
