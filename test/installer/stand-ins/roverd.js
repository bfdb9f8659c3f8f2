/** Says how it was started; with --wait it stays until a signal and exits with 7, with --fail it exits with 5. */
const args = process.argv.slice(2);
console.log('started', ...args);
if (args.includes('--fail')) process.exitCode = 5;
if (args.includes('--wait')) {
  const timer = setTimeout(() => {}, 60_000);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      console.log(signal);
      clearTimeout(timer);
      process.exitCode = 7;
    });
  }
  console.log('waiting');
}
