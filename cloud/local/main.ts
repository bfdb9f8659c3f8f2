import { runDesk } from './cli/command-line.ts';

await runDesk(process.argv.slice(2));
