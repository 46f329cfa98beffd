// Which container types and containers the figures are asked for. Pure; knows no request.
import type { Formation } from './answers.ts';

export interface MetricPlace {
  /** A container type, or `router`. */
  readonly component: string;
  /** `web-1`; null for all containers of the type together. */
  readonly instance: string | null;
}

export const ROUTER: MetricPlace = { component: 'router', instance: null };

/** Containers that are asked for one by one, of 60 requests a minute. */
const MOST_CONTAINERS = 12;

/** Without globs the types; else those that a glob names, and single containers where it names no type. */
export function placesOf(
  formation: readonly Formation[],
  globs: readonly string[],
): { readonly places: readonly MetricPlace[]; readonly isCut: boolean } {
  const types = formation.filter(({ name }) => isWanted(name, globs));
  const singles = formation
    .filter((type) => !types.includes(type))
    .flatMap(({ name, amount }) =>
      Array.from({ length: Math.min(amount ?? 0, 1000) }, (_, index) => ({
        component: name,
        instance: `${name}-${index + 1}`,
      })),
    )
    .filter(({ instance }) => isWanted(instance, globs));
  return {
    places: [
      ...types.map(({ name }) => ({ component: name, instance: null })),
      ...singles.slice(0, MOST_CONTAINERS),
    ],
    isCut: singles.length > MOST_CONTAINERS,
  };
}

/** Whether a glob of `*` and `?` matches; none = everything. */
export function isWanted(name: string, globs: readonly string[]): boolean {
  return globs.length === 0 || globs.some((glob) => matches(glob, name));
}

/** Without a regular expression, which a glob of many stars would keep busy for ever. */
function matches(glob: string, text: string): boolean {
  let pattern = 0;
  let letter = 0;
  let star = -1;
  let letterAtStar = 0;
  while (letter < text.length) {
    if (glob[pattern] === '*') {
      star = pattern;
      letterAtStar = letter;
      pattern += 1;
    } else if (glob[pattern] === '?' || glob[pattern] === text[letter]) {
      pattern += 1;
      letter += 1;
    } else if (star >= 0) {
      letterAtStar += 1;
      pattern = star + 1;
      letter = letterAtStar;
    } else return false;
  }
  while (glob[pattern] === '*') pattern += 1;
  return pattern === glob.length;
}
