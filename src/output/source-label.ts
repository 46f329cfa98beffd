// How the source of a line is named: the column of a pipe, the padded and coloured label of a terminal.
import type { LogBody } from '../model.ts';
import type { LogTarget } from './log-item.ts';
import { type Paint, type Palette, paintOfSource } from './palette.ts';

/** Instances come and go; beyond so many the memory of their names begins anew. */
const NAMES_KEPT = 1000;

/** `PROFILE:APP` with `/INSTANCE`, else `/COMPONENT`, where known; never with a space in it. */
export function createColumns(): (target: LogTarget, body: LogBody) => string {
  return cached((target, place) => {
    const column = `${target.profile}:${target.app}${place === '' ? '' : `/${place}`}`;
    return column.replace(/[\s\p{Cc}\p{Bidi_Control}]/gu, '_');
  });
}

function cached<T>(
  make: (target: LogTarget, place: string) => T,
  placeOf = place,
): (target: LogTarget, body: LogBody) => T {
  const known = new Map<LogTarget, Map<string, T>>();
  return (target, body) => {
    let names = known.get(target);
    if (!names) {
      names = new Map();
      known.set(target, names);
    }
    const key = placeOf(body);
    let name = names.get(key);
    if (name === undefined) {
      name = make(target, key);
      if (names.size >= NAMES_KEPT) names.clear();
      names.set(key, name);
    }
    return name;
  };
}

function place(body: LogBody): string {
  return body.instance ?? body.component ?? '';
}

/** People want to tell the router from the app where neither instance nor component is known. */
function placeOrSource(body: LogBody): string {
  return body.instance ?? body.component ?? (body.source === 'app' ? '' : body.source);
}

export interface Label {
  readonly text: string;
  /** Terminal columns that the text takes. */
  readonly width: number;
  readonly paint: Paint;
}

export interface LabelSettings {
  readonly targets: readonly LogTarget[];
  readonly palette: Palette;
  /** Terminal columns of a text. */
  readonly widthOf: (text: string) => number;
  /** Longer labels lose their middle. */
  readonly widest: number;
}

const WIDEST = 36;

/** Columns of a source on a terminal so wide: a third of it at most, as the message is what is read. */
export function widestLabel(columns: number): number {
  return Math.max(12, Math.min(WIDEST, Math.floor(columns / 3)));
}

/** `APP/INSTANCE`, with the profile only where two targets have the same app; just `INSTANCE` with one target. */
export function createLabels(settings: LabelSettings): (target: LogTarget, body: LogBody) => Label {
  const { targets, palette, widthOf, widest } = settings;
  return cached((target, place) => {
    const name = nameAmong(targets, target);
    const whole = (targets.length > 1 && place !== '' ? `${name}/${place}` : place || name).replace(
      /[\s\p{Cc}\p{Bidi_Control}]/gu,
      '_',
    );
    const text = shortened(whole, { widthOf, widest });
    // As it is named in a pipe, so that a source has one colour everywhere.
    const key = `${target.profile}:${target.app}${place === '' ? '' : `/${place}`}`;
    return { text, width: widthOf(text), paint: paintOfSource(palette, key) };
  }, placeOrSource);
}

/** The app alone where no other target has one of that name. */
export function nameAmong(targets: readonly LogTarget[], target: LogTarget): string {
  const isAlone = targets.every((other) => other === target || other.app !== target.app);
  return isAlone && target.app !== '' ? target.app : `${target.profile}:${target.app}`;
}

interface Room {
  readonly widthOf: (text: string) => number;
  readonly widest: number;
}

/** Without its middle where it is wider than that: the app stands at the beginning, what tells instances apart at the end. */
export function shortened(text: string, { widthOf, widest }: Room): string {
  if (widthOf(text) <= widest) return text;
  // Foreign names have no bound; the ends that can be shown have.
  const head = [...text.slice(0, 4 * widest)];
  const tail = [...text.slice(-4 * widest)];
  const room = Math.ceil((widest - 1) * 0.6);
  while (head.length > 0 && widthOf(head.join('')) > room) head.pop();
  while (tail.length > 0 && widthOf(tail.join('')) > widest - 1 - room) tail.shift();
  return `${head.join('')}…${tail.join('')}`;
}
