// Which of the user's filters Scalingo can apply itself without losing a line. Knows no request.
import { type AppRef, type LogOptions, OF_TARGET } from '../../provider.ts';

/**
 * The `filter` parameter, or null for none (wire: Scalingo 2.3). The platform reads it as a container's name, its type
 * or a "simple regexp" of unknown anchoring, so only plain names go there; all is filtered again on our side.
 */
export function serverFilter(ref: AppRef, options: LogOptions): string | null {
  if (ref.component !== null) return isPlain(ref.component) ? ref.component : unionOf(options.components);
  if (options.components.length > 0) return unionOf(options.components);
  return options.sources.length === 1 && options.sources[0] === 'router' ? 'router' : null;
}

/** Which of the user's filters that parameter stands for. */
export function filterOf(ref: AppRef, options: LogOptions): string {
  if (ref.component !== null && isPlain(ref.component)) return OF_TARGET;
  return options.components.length > 0 ? '--component' : '--source';
}

function unionOf(components: readonly string[]): string | null {
  if (components.length === 0 || !components.every(isPlain)) return null;
  // `web|router` is refused by the official client and may be by the platform.
  if (components.length > 1 && components.includes('router')) return null;
  return [...new Set(components)].join('|');
}

/** The bare words of the platform's own lines, and one-offs without a number, were refused at times. */
const UNSURE: ReadonlySet<string> = new Set(['manager', 'one-off', 'one', 'postdeploy']);

function isPlain(component: string): boolean {
  return /^[a-z][a-z0-9_]*(-[a-z0-9_]+)*$/.test(component) && !UNSURE.has(component);
}
