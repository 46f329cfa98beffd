// Short-lived tokens (JWT): fetched once for all callers, renewed before they expire and when refused. Knows no endpoint.
import type { SessionStore } from '../../provider.ts';
import { fieldsOf, parseJson, textOf } from '../../transport/json-fields.ts';
import { createShared } from './shared.ts';

export interface TokenHolder {
  get(signal: AbortSignal): Promise<string>;
  /** The platform refused this token: the next `get` fetches another, once for all who were refused with it. */
  refuse(token: string): void;
}

/** Milliseconds before the end at which a token is renewed; a short-lived one is renewed in its last quarter. */
const RENEW_BEFORE = 5 * 60_000;
/** Of a token that does not say when it ends, and the most that is believed. */
const USUAL_LIFE = 55 * 60_000;
const LONGEST_LIFE = 24 * 3600_000;

interface Held {
  readonly token: string;
  /** Milliseconds since the epoch, by our clock. */
  readonly renewAt: number;
}

/** `now` in milliseconds since the epoch; with `sessions` a token outlives the program. */
export function createTokenHolder(
  fetchToken: (signal: AbortSignal) => Promise<string>,
  now: () => number,
  sessions?: SessionStore,
): TokenHolder {
  let refused: string | null = null;
  const shared = createShared(async (signal): Promise<Held> => {
    const kept = readKept((await sessions?.load()) ?? null, now());
    if (kept !== null && kept.token !== refused) return kept;
    const token = await fetchToken(signal);
    const life = lifeOf(token, now());
    const session = { token, renewAt: now() + life - Math.min(RENEW_BEFORE, life / 4) };
    sessions?.keep(JSON.stringify(session));
    return session;
  });
  let held: Held | null = null;
  return {
    async get(signal) {
      let session = await shared.get(signal);
      if (now() >= session.renewAt) {
        shared.forget(session);
        session = await shared.get(signal);
      }
      held = session;
      return session.token;
    },
    refuse(token) {
      refused = token;
      if (held?.token === token) shared.forget(held);
    },
  };
}

/** null for nothing, for what is too old, and for what was written by a clock that was far ahead. */
function readKept(text: string | null, now: number): Held | null {
  const fields = fieldsOf(parseJson(text ?? ''));
  const token = textOf(fields?.token);
  const renewAt = fields?.renewAt;
  if (token === null || typeof renewAt !== 'number') return null;
  return now < renewAt && renewAt <= now + LONGEST_LIFE ? { token, renewAt } : null;
}

/**
 * Milliseconds that the token lives from its issue, read from its claims without verifying them. The platform's own two
 * times are compared, so that a local clock that is wrong does not matter; ours counts only when `iat` is absent.
 */
function lifeOf(token: string, now: number): number {
  const claims = claimsOf(token);
  if (typeof claims.exp !== 'number') return USUAL_LIFE;
  const issued = typeof claims.iat === 'number' ? claims.iat * 1000 : now;
  const life = claims.exp * 1000 - issued;
  return Number.isFinite(life) ? Math.min(LONGEST_LIFE, Math.max(0, life)) : USUAL_LIFE;
}

function claimsOf(token: string): { exp?: unknown; iat?: unknown } {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return typeof claims === 'object' && claims !== null ? claims : {};
  } catch {
    return {};
  }
}
