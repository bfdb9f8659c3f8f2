/** In the place of test/run.mjs. */
console.log(JSON.stringify(process.argv.slice(2)));
console.log('3 passed, 0 failed, 0 skipped');
