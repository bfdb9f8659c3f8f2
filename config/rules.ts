import type { ConfigFault } from './error.ts';
import type { Config } from './schema.ts';

/** Addresses that only this machine reaches (RFC 1122 3.2.1.3 g, RFC 4291 2.5.3, RFC 6761 6.3). */
export function isLoopback(host: string): boolean {
  return /^(localhost|::1|127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/i.test(host);
}

/** Whether wheels, camera and battery are those of the simulator. */
export function isSimulated({ robot, drive }: Pick<Config, 'robot' | 'drive'>): boolean {
  return robot.simulate || drive.driver === 'simulated';
}

/** What keys ask of one another. Each fault names the key to change. */
export function brokenRules(config: Config, sources: Readonly<Record<string, string>>): ConfigFault[] {
  const { teleop, video, drive, johnnyFive, limits, bumper, cloud } = config;
  const faults: ConfigFault[] = [];
  const fault = (key: string, expected: string, received: string) =>
    faults.push({ key, expected, received, source: sources[key] ?? 'default' });

  if (drive.guardianTimeoutMs < 5 * drive.tickMs) {
    const least = `at least five times drive.tickMs (${5 * drive.tickMs})`;
    fault('drive.guardianTimeoutMs', least, `${drive.guardianTimeoutMs}`);
  }
  const { minBitrateKbps, bitrateKbps, maxBitrateKbps } = video;
  if (minBitrateKbps > maxBitrateKbps) {
    fault('video.minBitrateKbps', `at most video.maxBitrateKbps (${maxBitrateKbps})`, `${minBitrateKbps}`);
  } else if (bitrateKbps < minBitrateKbps || bitrateKbps > maxBitrateKbps) {
    const range = `video.minBitrateKbps to video.maxBitrateKbps (${minBitrateKbps}..${maxBitrateKbps})`;
    fault('video.bitrateKbps', range, `${bitrateKbps}`);
  }
  for (const section of ['motorHat', 'explorerHat'] as const) {
    const { leftMotor, rightMotor } = config[section];
    if (leftMotor === rightMotor) {
      fault(`${section}.rightMotor`, `another motor than ${section}.leftMotor`, `${rightMotor}`);
    }
  }
  for (const side of ['left', 'right'] as const) {
    if (drive.driver === 'johnny-five' && Object.keys(johnnyFive[side]).length === 0) {
      fault(`johnnyFive.${side}`, 'a motor, since drive.driver is johnny-five', 'none');
    }
  }
  if (video.source === 'simulator' && !isSimulated(config)) {
    fault('video.source', 'a camera, since robot.simulate is off', '"simulator"');
  }
  const { batteryLowRatio, batteryEmptyRatio } = limits;
  if (batteryEmptyRatio > batteryLowRatio) {
    fault(
      'limits.batteryEmptyRatio',
      `at most limits.batteryLowRatio (${batteryLowRatio})`,
      `${batteryEmptyRatio}`,
    );
  }
  const { frontPads, rearPads } = bumper;
  const atBothEnds = frontPads.filter((pad) => rearPads.includes(pad));
  if (atBothEnds.length > 0) {
    fault('bumper.rearPads', 'other pads than bumper.frontPads', JSON.stringify(atBothEnds));
  }
  if (video.source === 'file' && video.file === '') {
    fault('video.file', 'a path, since video.source is file', 'none');
  }
  if (teleop.tlsCert !== '' && teleop.tlsKey === '') {
    fault('teleop.tlsKey', 'a path, since teleop.tlsCert is set', 'none');
  } else if (teleop.tlsKey !== '' && teleop.tlsCert === '') {
    fault('teleop.tlsCert', 'a path, since teleop.tlsKey is set', 'none');
  } else if (!isLoopback(teleop.host) && teleop.tlsCert === '' && !teleop.allowPlaintext) {
    fault(
      'teleop.host',
      'an address of this machine alone (127.0.0.1), or teleop.tlsCert and teleop.tlsKey, or teleop.allowPlaintext',
      JSON.stringify(teleop.host),
    );
  }
  if (cloud.credentialsEndpoint !== '') {
    for (const name of ['roleAlias', 'region'] as const) {
      if (cloud[name] === '')
        fault(`cloud.${name}`, 'a name, since cloud.credentialsEndpoint is set', 'none');
    }
  }
  if (cloud.tokenIssuer !== '' && cloud.tokenAudience === '') {
    fault('cloud.tokenAudience', 'an audience, since cloud.tokenIssuer is set', 'none');
  } else if (cloud.tokenAudience !== '' && cloud.tokenIssuer === '') {
    fault('cloud.tokenIssuer', 'an issuer, since cloud.tokenAudience is set', 'none');
  }
  return faults;
}
