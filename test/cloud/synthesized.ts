import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { cloudApp } from '../../cloud/app.ts';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
  readonly DeletionPolicy?: string;
}

/**
 * The template of one stack with this context. Functions are not bundled and templates not held against
 * CloudFormation's schemas, which would take most of the time.
 * @throws what synthesis throws: also when cdk-nag finds something
 */
export function synthesize(stackName: string, context: Record<string, unknown> = {}): Template {
  return withoutSchemas(() =>
    synthesizeWhole(context, (app) => Template.fromStack(app.node.findChild(stackName) as Stack)),
  );
}

/** Skips for a while what takes the CDK longest: to hold templates against CloudFormation's schemas. */
export function withoutSchemas<T>(work: () => T): T {
  process.env.CDK_VALIDATION = 'false';
  try {
    return work();
  } finally {
    delete process.env.CDK_VALIDATION;
  }
}

/** Synthesizes every stack, schemas and all, and gives what `look` makes of them. */
export function synthesizeWhole<T>(
  context: Record<string, unknown>,
  look: (app: App) => T,
  change: (app: App) => void = () => undefined,
): T {
  const outdir = mkdtempSync(join(tmpdir(), 'synth-'));
  try {
    const app = cloudApp({ context: { 'aws:cdk:bundling-stacks': [], ...context }, outdir });
    change(app);
    app.synth();
    return look(app);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** What a template holds of one type, as names and resources. */
export function ofType(template: Template, type: string): [name: string, resource: TemplateResource][] {
  return resourcesOf(template).filter(([, resource]) => resource.Type === type);
}

export function resourcesOf(template: Template): [name: string, resource: TemplateResource][] {
  return Object.entries(template.toJSON().Resources as Record<string, TemplateResource>);
}

/**
 * A value of a template as CloudFormation would put it together, for an account in eu-central-1; references to other
 * resources become `<name>`.
 */
export function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [[key, argument] = ['', null]] = entries;
  if (entries.length === 1 && key === 'Ref') return PSEUDO[String(argument)] ?? `<${argument}>`;
  if (entries.length === 1 && key === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (entries.length === 1 && key === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map(resolved).join(separator);
  }
  return Object.fromEntries(entries.map(([name, one]) => [name, resolved(one)]));
}

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': 'eu-central-1',
  'AWS::AccountId': '123456789012',
  'AWS::URLSuffix': 'amazonaws.com',
};
