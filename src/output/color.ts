// How much colour a stream gets. Knows no colour and no stream.
import type { ColorLevel } from './palette.ts';

/** `--color`; `--no-color` is `never`. */
export type ColorWhen = 'auto' | 'always' | 'never';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ColorQuestion {
  readonly isTTY: boolean;
  readonly env: Environment;
  readonly when: ColorWhen;
}

/** The flag, then FORCE_COLOR, then NO_COLOR, either of them as good as not set when empty, then whether it is a terminal. */
export function colorLevel({ isTTY, env, when }: ColorQuestion): ColorLevel {
  if (when === 'never') return 0;
  if (when === 'always') return levelOfTerminal(env);
  if (env.FORCE_COLOR) return forcedLevel(env.FORCE_COLOR, env);
  if (env.NO_COLOR) return 0;
  return isTTY && env.TERM !== 'dumb' ? levelOfTerminal(env) : 0;
}

function forcedLevel(forced: string, env: Environment): ColorLevel {
  if (forced === '0' || forced === 'false') return 0;
  if (forced === '2') return 2;
  return forced === '3' ? 3 : levelOfTerminal(env);
}

function levelOfTerminal(env: Environment): ColorLevel {
  if (env.COLORTERM === 'truecolor' || env.COLORTERM === '24bit') return 3;
  return /-256(color)?$/i.test(env.TERM ?? '') ? 2 : 1;
}
