// JSON that every reader of JSON can read: half characters, which it can write and UTF-8 cannot, become U+FFFD. Knows no
// record.

/** As `JSON.stringify`; of what is a value of JSON. */
export function jsonText(value: unknown, indent?: number): string {
  const json = JSON.stringify(value, null, indent);
  // Pairs are written as they are: an escape of that kind is half of one, or a backslash and words that look like it.
  return json.includes('\\ud') ? withoutHalves(json) : json;
}

/** Valid JSON with its halves marked; pairs that are written as escapes stay as they are. */
export function withoutHalves(json: string): string {
  if (!/\\u[dD][89a-fA-F]/.test(json)) return json;
  return json.replace(ESCAPE, (found) => (found.length === HALF ? '\\ufffd' : found));
}

/** A pair, a half, or an escape of two characters. */
const ESCAPE =
  /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[dD][89a-fA-F][\da-fA-F]{2}|.)/gs;
const HALF = 6;
