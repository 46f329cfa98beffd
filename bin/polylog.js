#!/usr/bin/env node
// The process: arguments, signals and the exit code. Everything else is in main.
const [first, second] = process.argv.slice(2);
if ((first === '--version' || first === '-V') && second === undefined) {
  // Answered before anything is loaded.
  const { readFileSync } = await import('node:fs');
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${version}\n`);
} else {
  // Before anything is loaded that could fail: names and lines of the sources in the detail.
  if (process.argv.includes('--debug')) process.setSourceMapsEnabled(true);
  const { runProcess } = await import('../dist/process.js');
  await runProcess(process, process.argv.slice(2));
}
