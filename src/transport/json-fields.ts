// Reads single fields out of foreign JSON. Knows no endpoint and no platform.

export type Fields = Readonly<Record<string, unknown>>;

/** null for anything that is no object. */
export function fieldsOf(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** Empty for anything that is no array; elements that are no objects are left out. */
export function listOf(value: unknown): Fields[] {
  if (!Array.isArray(value)) return [];
  return value.map(fieldsOf).filter((element) => element !== null);
}

/** null for anything that is no text or is empty. */
export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
