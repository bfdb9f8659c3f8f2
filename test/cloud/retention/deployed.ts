import { readStack } from '../../../cloud/local/template/assembly.ts';
import { type Assembly, writeAssembly } from '../assembly.ts';
import { type DeskRig, openRig } from '../local/rig.ts';
import { type Access, accessTo, BUCKET } from './lake.ts';

export interface Deployed extends Access {
  readonly desk: DeskRig;
  readonly assembly: Assembly;
  close(): Promise<void>;
}

/** The stack as it is synthesized, with its functions, on a desk. */
export async function deploy(context: Readonly<Record<string, string>> = {}): Promise<Deployed> {
  const assembly = await writeAssembly(
    { scenarios: 'retention', retentionBucket: BUCKET, ...context },
    { schemas: false },
  );
  const desk = await openRig(await readStack(assembly.folder, 'roverd-retention'));
  const queueUrl = desk.outputs.FailuresQueue ?? '';
  const access = accessTo(desk, await desk.tables.client(), queueUrl.split('/').at(-1)!);
  return {
    ...access,
    desk,
    assembly,
    async close() {
      access.s3.destroy();
      await desk.close();
      await assembly.remove();
    },
  };
}
