#!/usr/bin/env node
// `logs` is `polylog logs` under a short name.
const rest = process.argv.slice(2);
if ((rest[0] === '--version' || rest[0] === '-V') && rest.length === 1) {
  const { readFileSync } = await import('node:fs');
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.stdout.write(`${version}\n`);
} else {
  if (rest.includes('--debug')) process.setSourceMapsEnabled(true);
  const { runProcess } = await import('../dist/process.js');
  await runProcess(process, ['logs', ...rest]);
}
