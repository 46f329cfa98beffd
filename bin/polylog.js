#!/usr/bin/env node
// The process: arguments, signals and the exit code. Everything else is in main.
import { readFileSync, writeSync } from 'node:fs';

const argv = process.argv.slice(2);
if (argv.length !== 1 || !['--version', '-V'].includes(argv[0]) || !printVersion()) await run();

/** Answered before anything is loaded. Returns false where stdout does not take it: then the program says so. */
function printVersion() {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  const text = `${version}\n`;
  try {
    return writeSync(1, text) === text.length;
  } catch {
    return false;
  }
}

async function run() {
  // Before anything is loaded that could fail: names and lines of the sources in the detail.
  if (argv.includes('--debug')) process.setSourceMapsEnabled(true);
  const program = await import('../dist/process.js').catch((error) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const [what, how] = /\bdist\b/.test(error.message.split(' imported from ')[0])
      ? ['built', 'npm run build']
      : ['installed', 'npm ci'];
    process.stderr.write(`polylog: this copy is not ${what} yet. Run ${how} in its directory.\n`);
    process.exitCode = 2;
  });
  await program?.runProcess(process, argv);
}
