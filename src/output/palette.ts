// Colours as pairs of strings, made once, so that printing a line costs no call. Knows no stream and no environment.
import type { Level } from '../model.ts';

/** As in chalk: none, 16, 256, all. */
export type ColorLevel = 0 | 1 | 2 | 3;

/** What stands before and behind a coloured text; both empty without colour. */
export interface Paint {
  readonly open: string;
  readonly close: string;
}

export interface Palette {
  readonly time: Paint;
  readonly ruler: Paint;
  readonly warning: Paint;
  readonly heading: Paint;
  /** Parsed fields behind a message. */
  readonly fields: Paint;
  readonly highlight: Paint;
  readonly levels: Readonly<Record<Level, Paint>>;
  /** Of which each source has one. */
  readonly sources: readonly Paint[];
}

const NONE: Paint = { open: '', close: '' };
const PLAIN: Palette = {
  time: NONE,
  ruler: NONE,
  warning: NONE,
  heading: NONE,
  fields: NONE,
  highlight: NONE,
  levels: { trace: NONE, debug: NONE, info: NONE, warn: NONE, error: NONE, fatal: NONE },
  sources: [NONE],
};

/** Loads the colour library only where there is colour. */
export async function loadPalette(level: ColorLevel): Promise<Palette> {
  if (level === 0) return PLAIN;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level });
  const paint = (style: (text: string) => string): Paint => {
    const [open = '', close = ''] = style('\0').split('\0');
    return { open, close };
  };
  return {
    time: paint(chalk.dim),
    ruler: paint(chalk.dim),
    warning: paint(chalk.yellow),
    heading: paint(chalk.bold),
    fields: paint(chalk.dim),
    // Stays visible whatever colour the message has.
    highlight: paint(chalk.inverse),
    levels: {
      trace: paint(chalk.gray),
      debug: paint(chalk.gray),
      info: paint(chalk.green),
      warn: paint(chalk.yellow),
      error: paint(chalk.red),
      fatal: paint(chalk.white.bgRed.bold),
    },
    // Neither red nor gray: those say something about a line.
    sources: [
      paint(chalk.cyan),
      paint(chalk.green),
      paint(chalk.magenta),
      paint(chalk.blue),
      paint(chalk.yellow),
      paint(chalk.cyanBright),
      paint(chalk.greenBright),
      paint(chalk.magentaBright),
      paint(chalk.blueBright),
      paint(chalk.yellowBright),
    ],
  };
}

/** The same source has the same colour in every run and on every machine. */
export function paintOfSource(palette: Palette, name: string): Paint {
  // FNV-1a
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193) >>> 0;
  }
  return palette.sources[hash % palette.sources.length] ?? NONE;
}

export function painted(paint: Paint, text: string): string {
  return paint.open + text + paint.close;
}
