/**
 * Which tests judge which sources, quickest first: most changes are noticed by a source's own table tests, and the
 * property tests are asked about the rest. Each row is run by Stryker on its own. `tests` are parts of paths, as
 * test/run.mjs takes them; its stages run one after another until one fails.
 */
const COMMAND = ['command/pipeline', 'command/state'];

export const GROUPS = [
  command('state', 'rules', 'model', 'reasons'),
  { sources: ['firmware/command/ramp.ts'], tests: [['command/ramp', 'command/state.test'], COMMAND] },
  { sources: ['firmware/command/freshness.ts'], tests: [['command/freshness'], ['command/state']] },
  { sources: ['firmware/command/faults.ts'], tests: [['command/faults', 'command/state.test'], COMMAND] },
  { sources: ['firmware/command/message.ts'], tests: [['command/message']] },
  { sources: ['firmware/command/writer.ts'], tests: [['command/writer', 'command/pipeline']] },
  { sources: ['firmware/command/pipeline.ts'], tests: [['command/pipeline', 'command/writer']] },
  { sources: ['firmware/command/guarding.ts'], tests: [['command/guarding']] },
  drive(['mixer'], ['mixer']),
  drive(['motor-hat'], ['motor-hat.test'], ['motor-hat.chip']),
  drive(['pca9685'], ['pca9685'], ['motor-hat.test']),
  drive(['ordered'], ['ordered'], ['motor-hat.test', 'explorer-hat.test']),
  drive(['explorer-hat'], ['explorer-hat.test'], ['explorer-hat.chip']),
  drive(['kernel-pwm'], ['kernel-pwm'], ['explorer-hat.chip']),
  drive(
    ['johnny-five', 'johnny-five-motor', 'johnny-five-silence'],
    ['johnny-five.test'],
    ['johnny-five-shield'],
  ),
  drive(['guarded-drivetrain'], ['guarded-drivetrain'], ['guarded-explorer']),
  drive(['detect'], ['detect']),
];

function command(...names) {
  const tests = [
    ['command/rules', 'command/reasons', 'command/state.test', 'command/faults'],
    ['command/pipeline', 'command/state.property'],
  ];
  return { sources: names.map((name) => `firmware/command/${name}.ts`), tests };
}

function drive(names, ...stages) {
  return {
    sources: names.map((name) => `firmware/drive/${name}.ts`),
    tests: stages.map((parts) => parts.map((part) => `drive/${part}`)),
  };
}
