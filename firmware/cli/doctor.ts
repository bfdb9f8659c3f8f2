import { loadConfig } from '../../config/load.ts';
import { isSimulated } from '../../config/rules.ts';
import type { Config } from '../../config/schema.ts';
import { type ConfigArguments, configurationOf } from './configuration.ts';
import {
  checkCamera,
  checkEncoder,
  checkEngine,
  checkGuardian,
  checkNode,
  checkPage,
  checkPort,
  checkStateDir,
  type Finding,
} from './doctor-checks.ts';
import { checkClock, checkPermissions } from './doctor-machine.ts';
import { checkMotors } from './doctor-motors.ts';
import { EXIT, type ExitCode } from './exit.ts';

interface DoctorArguments extends ConfigArguments {
  readonly simulate?: boolean;
  readonly json?: boolean;
}

/** Checks everything `roverd run` needs with this configuration, and prints a mend for all that is broken. */
export async function doctor(options: DoctorArguments): Promise<ExitCode> {
  const findings: Finding[] = [];
  const config = configurationOrDefault(options, findings);
  findings.push(checkNode(), checkStateDir(config), checkPage(), checkGuardian());
  if (!isSimulated(config)) {
    findings.push(...(await checkMotors(config)), checkPermissions(config), await checkClock());
  }
  const port = await checkPort(config);
  const encoder = await checkEncoder(config);
  findings.push(port.finding, await checkEngine(config), encoder);
  // A camera serves one process at a time, and none without an encoder.
  if (!port.robotAnswers && encoder.mend === undefined) findings.push(await checkCamera(config));

  const broken = findings.filter((finding) => finding.mend !== undefined);
  if (options.json) console.log(JSON.stringify({ ok: broken.length === 0, findings }, null, 2));
  else {
    for (const { what, detail, mend, advice } of findings) {
      console.log(`${mend === undefined ? 'ok    ' : 'BROKEN'}  ${what}: ${detail}`);
      if (mend !== undefined) console.log(`        mend: ${mend}`);
      if (advice !== undefined) console.log(`        advice: ${advice}`);
    }
    console.log(broken.length === 0 ? '\nEverything roverd needs is here.' : `\n${broken.length} to mend.`);
  }
  return broken.length === 0 ? EXIT.ok : EXIT.failed;
}

/** A broken configuration is a finding; the rest is checked with the defaults. */
function configurationOrDefault(options: DoctorArguments, findings: Finding[]): Config {
  try {
    const { config, sources } = configurationOf(options, { 'robot.simulate': options.simulate });
    const set = Object.values(sources).filter((source) => source !== 'default').length;
    findings.push({ what: 'configuration', detail: `${set} keys set, the rest at their defaults` });
    return config;
  } catch (error) {
    findings.push({
      what: 'configuration',
      detail: (error as Error).message,
      mend: 'correct what is listed; config/README.md tells what each key takes',
    });
    return loadConfig({ overrides: { 'robot.simulate': options.simulate } }).config;
  }
}
