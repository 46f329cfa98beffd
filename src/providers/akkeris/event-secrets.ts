// Takes out of a payload what nobody is to see. Knows no action.

import { type Fields, fieldsOf } from '../../transport/json-fields.ts';
import { createMasking } from '../../transport/masking.ts';

/** Said above the payload already. */
const ENVELOPE: ReadonlySet<string> = new Set([
  'action',
  'key',
  'space',
  'username',
  'received_at',
  'timestamp',
]);
const SECRET_KEY = /token|passw|secret|credential|authorization|api_?key|private|attach_url/i;
const DEEPEST = 8;
const MOST_ELEMENTS = 200;
const LONGEST_TEXT = 2000;
const masking = createMasking();

/** The payload without its envelope, bounded in depth, breadth and length. */
export function harmlessFields(payload: Fields): Fields {
  const kept = Object.entries(payload).filter(
    ([name, value]) => !ENVELOPE.has(name) && !(name === 'app' && isName(value)),
  );
  return harmlessObject(Object.fromEntries(kept), 0);
}

/** An app that was changed says more of itself than its name. */
function isName(app: unknown): boolean {
  return Object.keys(fieldsOf(app) ?? {}).every((key) => key === 'id' || key === 'name');
}

/** A text that was to be a payload and is none: it may hold anything, so values of settings are never in what is shown. */
export function harmlessText(text: string): string {
  if (/value|config_vars/i.test(text) || SECRET_KEY.test(text)) return '(not shown: it may hold secrets)';
  return masking.body(text.slice(0, LONGEST_TEXT));
}

function harmlessObject(fields: Fields, depth: number): Fields {
  const kept: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(fields).slice(0, MOST_ELEMENTS)) {
    // What a setting is set to, in either form (wire: Akkeris 5); a switch that is on or off is no secret.
    if (name === 'config_vars' || (/^(?:old_|new_)?values?$/.test(name) && typeof value !== 'boolean'))
      continue;
    kept[name] = SECRET_KEY.test(name) && value !== null ? '***' : harmless(value, depth + 1);
  }
  return { ...kept };
}

function harmless(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    // A repository or a drain may have its password in the address.
    const text = masking.url(value);
    return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return '…';
  if (Array.isArray(value))
    return value.slice(0, MOST_ELEMENTS).map((element) => harmless(element, depth + 1));
  return harmlessObject(value as Fields, depth);
}
