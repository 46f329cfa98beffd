// A session as it is kept between runs. Knows neither where nor for how long.
import type { LoginForm } from './login.ts';

export interface KeptSession {
  /** One `name=value` each. */
  readonly cookies: readonly string[];
  /** The body that the login took. */
  readonly form: LoginForm;
  /** Milliseconds that the station's clock is ahead of UTC, as the login showed it. */
  readonly offset: number | null;
}

/** `cookies`: as a Cookie header. */
export function keptText({
  cookies,
  form,
  offset,
}: Omit<KeptSession, 'cookies'> & { readonly cookies: string }): string {
  return JSON.stringify({ cookies: cookies.split('; '), form, offset });
}

/** null for nothing and for what is no session of ours. */
export function readKept(text: string | null): KeptSession | null {
  try {
    const { cookies, form, offset } = JSON.parse(text ?? 'null') as Record<string, unknown>;
    if (!Array.isArray(cookies) || cookies.length === 0) return null;
    return {
      cookies: cookies.filter((cookie): cookie is string => typeof cookie === 'string'),
      form: form === 'form' ? 'form' : 'json',
      offset: typeof offset === 'number' && Number.isFinite(offset) ? offset : null,
    };
  } catch {
    return null;
  }
}
