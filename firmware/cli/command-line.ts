import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { ConfigError } from '../../config/error.ts';
import type { Action } from '../command/message.ts';
import { VERSION } from '../version.ts';
import { CommandLineError, EXIT } from './exit.ts';

/** As in firmware/command/message.ts, whose validator would cost `--help` its quickness. */
const ACTION_NAMES = ['forward', 'backwards', 'left', 'right', 'stop'] as const satisfies readonly Action[];

const AFTERWORD = `
Examples:
  $ roverd run --simulate                  a simulated robot at http://localhost:8080
  $ roverd run --set command.watchdogMs=300 --port 9000
  $ roverd pair                            a code that lets one more device drive
  $ roverd drive forward                   drives the running robot for drive.actionMs, then stops it
  $ roverd stop --emergency                stops it until roverd reset
  $ roverd calibrate                       which way the motors turn, before the first drive
  $ roverd config                          every key, its value and where that came from
  $ roverd provision rover --region eu-central-1
  $ roverd doctor                          what is missing on this machine, and how to mend it

Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 robot not reachable, 4 refused by the robot.
Keys of the configuration: config/README.md.`;

/**
 * Runs one command. Every part of roverd is loaded only by the command that needs it.
 * @returns the exit code
 */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = createProgram((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error);
  }
}

function createProgram(exitWith: (code: number) => void): Command {
  const program = new Command('roverd')
    .description('Runs a robot that is driven and watched from a browser, and talks to the one that runs.')
    .version(VERSION, '-V, --version')
    .helpCommand(false)
    // --version after a command is that command's own.
    .enablePositionalOptions()
    .showHelpAfterError('(roverd --help shows what there is)')
    .addHelpText('after', AFTERWORD)
    .exitOverride();

  withConfig(program.command('run'))
    .description('run the robot until it is interrupted; prints the address to open')
    .option('--simulate', 'a simulated robot instead of motors and camera')
    .option('--port <number>', 'TCP port; 0 takes a free one')
    .option('--host <address>', 'address to listen on')
    .action(async (options) => {
      const { run } = await import('./run.ts');
      exitWith(await run(options));
    });

  withRobot(program.command('drive'))
    .description('drive the running robot a little')
    .addArgument(program.createArgument('<action>', 'what to do').choices(ACTION_NAMES))
    .action(async (action: Action, options) => {
      const { publish } = await import('./publish.ts');
      await publish({ action }, options);
    });

  withRobot(program.command('stop'))
    .description('stop the robot, whoever drives it; silence its motors directly when it does not answer')
    .option('--emergency', 'latch the emergency stop: nothing moves until it is reset')
    .action(async (options) => {
      const { stop } = await import('./stop.ts');
      await stop(options);
    });

  withRobot(program.command('reset'))
    .description('release the emergency stop of the running robot')
    .action(async (options) => {
      const { publish } = await import('./publish.ts');
      await publish({ reset: true }, options);
    });

  withConfig(program.command('pair'))
    .description('show a code that lets one more device drive or watch')
    .addOption(
      new Option('--role <role>', 'what the device may do')
        .choices(['operator', 'viewer'])
        .default('operator'),
    )
    .option('--name <name>', 'make a token for a program of this name, instead of a code')
    .option('--minutes <number>', 'how long the code can be used (1 to 60)', wholeNumber(1, 60), 10)
    .addOption(new Option('--list', 'list the devices that may connect').conflicts(['name', 'revoke']))
    .addOption(new Option('--revoke <id>', 'take the right from a device again').conflicts('name'))
    .action(async (options) => {
      const { pair } = await import('./pair.ts');
      await pair(options);
    });

  withConfig(program.command('calibrate'))
    .description('turn each motor briefly, ask which way it went, and keep the answer in the configuration')
    .option('--ratio <number>', 'speed of a turn (0.05 to 1)', numberIn(0.05, 1), 0.3)
    .option('--ms <number>', 'how long a turn lasts (50 to 3000)', wholeNumber(50, 3000), 400)
    .action(async (options) => {
      const { calibrate } = await import('./calibrate.ts');
      await calibrate(options);
    });

  withConfig(program.command('config'))
    .description('print the configuration in effect and where each value came from')
    .option('--json', 'as JSON')
    .action(async (options) => {
      const { showConfig } = await import('./show-config.ts');
      showConfig(options);
    });

  withConfig(program.command('doctor'))
    .description('check this machine and say how to mend what is missing')
    .option('--simulate', 'check for a simulated robot: no camera is needed')
    .option('--json', 'as JSON')
    .action(async (options) => {
      const { doctor } = await import('./doctor.ts');
      exitWith(await doctor(options));
    });

  program
    .command('provision')
    .argument('<name>', 'name of the robot, as in the stack that was deployed for it')
    .description('give this machine its place in AWS: key, certificate, policy, thing, configuration')
    .option('--region <region>', 'AWS region of the stack (default: AWS_REGION)')
    .option('--dir <folder>', 'where configuration and certificates are kept', '/etc/roverd')
    .option('--role-alias <name>', 'role alias of the camera (default: the one its policy names)')
    .option('--ca <file>', 'authority of the endpoints, PEM (default: Amazon Root CA 1)')
    .option('--endpoint-url <url>', 'another address of AWS IoT’s control plane')
    .option('--wait <seconds>', 'how long to try to connect (1 to 300)', wholeNumber(1, 300), 30)
    .addOption(new Option('--rotate', 'replace key and certificate').conflicts('remove'))
    .option('--remove', 'take the certificate out of AWS and off this machine')
    .action(async (name: string, options) => {
      const { provisionRobot } = await import('./provision/provision.ts');
      await provisionRobot(name, options, (line) => console.log(line));
    });

  program
    .command('update')
    .description(
      'bring the installed robot to the newest release; it goes on with this one should that not run',
    )
    .option('--version <version>', 'another release than the newest')
    .option('--archive <file>', 'this archive, a file or a URL')
    .option('--sha256 <hash>', 'what the archive must be; no signature is asked then')
    .option('--dry-run', 'print every change and make none')
    .action(async (options) => {
      const { update } = await import('./release.ts');
      exitWith(update(options));
    });

  program
    .command('uninstall')
    .description('take the installed robot off this machine, with everything that was changed for it')
    .option('--keep-config', 'leave configuration and certificates in /etc/roverd')
    .action(async (options) => {
      const { uninstall } = await import('./release.ts');
      exitWith(uninstall(options));
    });

  return program;
}

function withConfig(command: Command): Command {
  return command
    .option('--config <file>', 'configuration file')
    .option('--set <key=value...>', 'set a key of the configuration (repeatable)');
}

function withRobot(command: Command): Command {
  return withConfig(command)
    .option(
      '--url <address>',
      'the robot, as http://host:port (default: ROVERD_URL, else the one of this machine)',
    )
    .option('--token <token>', 'its token (default: ROVERD_TOKEN, else this machine’s own)');
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number in ${min}..${max}.`);
  };
}

function numberIn(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d*\.?\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a number in ${min}..${max}.`);
  };
}

/** Says what went wrong on standard error. A stack is for faults of roverd itself only. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof ConfigError) {
    console.error(`${error.message}\nconfig/README.md tells what each key takes.`);
    return EXIT.usage;
  }
  if (error instanceof CommandLineError) {
    console.error(`roverd: ${error.message}`);
    return error.exitCode;
  }
  console.error(error);
  return EXIT.failed;
}
