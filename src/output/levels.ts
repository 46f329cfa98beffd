// Levels as numbers and as badges. Knows no colour.
import type { Level } from '../model.ts';

/** OpenTelemetry's severity numbers. */
export const SEVERITIES: Readonly<Record<Level, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
};

/** All of one width. */
export const BADGES: Readonly<Record<Level, string>> = {
  trace: 'TRACE',
  debug: 'DEBUG',
  info: 'INFO ',
  warn: 'WARN ',
  error: 'ERROR',
  fatal: 'FATAL',
};
