// The cookies of one station's session: sent back to it and nowhere else. Knows no request.

export interface CookieJar {
  /** Takes what a Set-Cookie header, or several, bring. */
  take(header: string | readonly string[] | undefined): void;
  /** The Cookie header; null when there is none. */
  header(): string | null;
  /** The value of version 3's session cookie, else of the first one (wire: Container Station 1.2); null when there is none. */
  session(): string | null;
  clear(): void;
}

const SESSION_COOKIE = 'CS_SESS_ID';
const MOST_COOKIES = 20;
const LONGEST_COOKIE = 4096;

/** The session's name before version 3 is documented nowhere, so all of them are kept (wire: Container Station 1.2). */
export function createCookieJar(): CookieJar {
  const cookies = new Map<string, string>();
  return {
    take(header) {
      for (const line of header === undefined ? [] : [header].flat()) {
        const cookie = readCookie(line);
        if (!cookie) continue;
        if (cookie.gone) cookies.delete(cookie.name);
        else if (cookies.has(cookie.name) || cookies.size < MOST_COOKIES)
          cookies.set(cookie.name, cookie.value);
      }
    },
    header() {
      if (cookies.size === 0) return null;
      return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    },
    session() {
      const [first = null] = cookies.values();
      return cookies.get(SESSION_COOKIE) ?? first;
    },
    clear() {
      cookies.clear();
    },
  };
}

function readCookie(line: string): { name: string; value: string; gone: boolean } | null {
  const [pair = '', ...attributes] = line.split(';');
  const equals = pair.indexOf('=');
  const name = pair.slice(0, equals).trim();
  const value = pair.slice(equals + 1).trim();
  if (equals < 1 || pair.length > LONGEST_COOKIE || /[^\x21-\x7e]/.test(name + value)) return null;
  return { name, value, gone: value === '' || attributes.some(isPast) };
}

function isPast(attribute: string): boolean {
  const [key = '', value = ''] = attribute.split('=').map((part) => part.trim());
  if (/^max-age$/i.test(key)) return Number(value) <= 0;
  return /^expires$/i.test(key) && Date.parse(value) <= Date.now();
}
