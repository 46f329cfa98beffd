// Takes secrets out of an event's payload before anything else sees it. The platform sends the values of environment
// variables and the tokens of log drains in plain text (wire: Scalingo 6). Knows no words for people.
import { type Fields, fieldsOf } from '../../transport/json-fields.ts';

const MASK = '***';

/** Names whose values are secret in every event. */
const SECRET_NAME =
  /^(old_|new_|previous_)?value$|token|passw|pwd|secret|signature|credential|authorization|cookie|jwt|api_?key|private_?key|^(auth|otp)$/i;
/** In events about variables everything is a value that is not one of these. */
const PLAIN_IN_VARIABLES: ReadonlySet<string> = new Set(['name', 'addon_name', 'addon_uuid', 'addon_id']);

const DEEPEST = 6;
const LONGEST_TEXT = 2000;
const MOST_ELEMENTS = 200;

type Strictness = 'variable' | 'address' | 'usual';

/** Null for a payload that is no object. */
export function withoutSecrets(type: string, payload: unknown): Fields | null {
  const strictness: Strictness = /variable/i.test(type)
    ? 'variable'
    : /drain|notifier|webhook|integration/i.test(type)
      ? 'address'
      : 'usual';
  return fieldsOf(cleaned(payload, { name: '', depth: 0, strictness }));
}

interface Spot {
  /** Of the field, '' at the top. */
  readonly name: string;
  readonly depth: number;
  readonly strictness: Strictness;
}

function cleaned(value: unknown, spot: Spot): unknown {
  if (value === null || value === undefined) return null;
  if (typeof value === 'object') {
    if (spot.depth >= DEEPEST) return MASK;
    const depth = spot.depth + 1;
    if (Array.isArray(value)) {
      return value.slice(0, MOST_ELEMENTS).map((element) => cleaned(element, { ...spot, depth }));
    }
    // What is inside a secret is secret whatever its own name.
    if (SECRET_NAME.test(spot.name)) return MASK;
    const entries = Object.entries(value).slice(0, MOST_ELEMENTS);
    return Object.fromEntries(
      entries.map(([name, inner]) => [name, cleaned(inner, { ...spot, name, depth })]),
    );
  }
  if (isSecret(spot)) return value === '' ? '' : MASK;
  return typeof value === 'string' ? cleanedText(value.slice(0, LONGEST_TEXT), spot) : value;
}

function isSecret({ name, strictness }: Spot): boolean {
  return strictness === 'variable' ? !PLAIN_IN_VARIABLES.has(name) : SECRET_NAME.test(name);
}

/** Addresses lose user, password and query; those of drains and notifiers their path too, which often is the secret. */
function cleanedText(text: string, { name, strictness }: Spot): string {
  if (strictness === 'address' && /url|uri|address|webhook|endpoint/i.test(name) && !text.includes('://')) {
    return text.replace(/^.*@/s, `${MASK}@`).replace(/[/?].*$/s, `/${MASK}`);
  }
  return text
    .replace(/tk-[a-z]{2}-[\w-]+|\beyJ[\w-]+\.[\w.-]+/g, MASK)
    .replace(/\b([a-z][\w+.-]*:\/\/)([^\s"'<>]*)/gi, (_whole, scheme: string, rest: string) => {
      const [, place = '', path = '', query = ''] = /^([^/?#]*)([^?#]*)(.*)$/s.exec(rest) ?? [];
      const at = place.lastIndexOf('@');
      const host = at === -1 ? place : `${MASK}@${place.slice(at + 1)}`;
      if (strictness === 'address') return `${scheme}${host}${path.length > 1 || query ? `/${MASK}` : path}`;
      return `${scheme}${host}${path}${query === '' ? '' : `?${MASK}`}`;
    });
}
