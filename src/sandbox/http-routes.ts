// Finds the route of a path. Knows nothing of requests.

interface Matchable {
  readonly path: string;
  readonly method: string;
  when?(query: URLSearchParams): boolean;
}

export interface Found<R> {
  route: R | undefined;
  params: Record<string, string>;
  pathKnown: boolean;
}

/** The first route that matches the path and the method; paths are compared segment by segment, percent-decoded. */
export function findRoute<R extends Matchable>(routes: readonly R[], url: URL, method: string): Found<R> {
  let pathKnown = false;
  for (const route of routes) {
    const params = matchPath(route.path, url.pathname);
    if (!params || route.when?.(url.searchParams) === false) continue;
    if (route.method === method) return { route, params, pathKnown: true };
    pathKnown = true;
  }
  return { route: undefined, params: {}, pathKnown };
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  const open = wanted.at(-1) === '*';
  if (open ? given.length < wanted.length : given.length !== wanted.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, segment] of wanted.entries()) {
    const value = decode(given[at] ?? '');
    if (value === undefined) return undefined;
    if (open && at === wanted.length - 1) params['*'] = given.slice(at).join('/');
    else if (!segment.startsWith(':')) {
      if (segment !== value) return undefined;
    } else if (value === '') return undefined;
    else params[segment.slice(1)] = value;
  }
  return params;
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
