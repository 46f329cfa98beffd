#!/usr/bin/env node
// `logs` is `polylog logs` under a short name; its version is polylog's.
const [first, second] = process.argv.slice(2);
if ((first !== '--version' && first !== '-V') || second !== undefined) process.argv.splice(2, 0, 'logs');
await import('./polylog.js');
