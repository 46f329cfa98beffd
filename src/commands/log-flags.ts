// The flags of `logs` as commander hands them over. Knows none by name.

/** One property a flag. */
export interface LogFlags {
  readonly [name: string]: unknown;
}

export function textOf(flags: LogFlags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

export function textsOf(flags: LogFlags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value : [];
}

export function switchOf(flags: LogFlags, name: string): boolean | undefined {
  const value = flags[name];
  return typeof value === 'boolean' ? value : undefined;
}
