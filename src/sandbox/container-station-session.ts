// Who may speak to the NAS: logins, cookie sessions that end, and the QTS sid (wire: Container Station 1.2-1.7).
// Knows no other route.
import { randomBytes } from 'node:crypto';
import type { DialectTraits } from './container-station-dialects.ts';
import type { Asked } from './http.ts';

export interface Session {
  readonly token: string;
  readonly user: string;
  readonly anonymous: boolean;
}

export interface SessionRules {
  traits: DialectTraits;
  /** Name to password. */
  users: Readonly<Record<string, string>>;
  loginRequired: boolean;
  twoFactor: boolean;
  /** Milliseconds and requests after which a session ends; 0 = never. */
  lifeMs: number;
  lifeRequests: number;
  now(): number;
}

export type LoginRefusal = 'malformed' | 'wrong' | 'two-factor';

export interface Sessions {
  /** A QTS session of the first user: what `{"sid"}` and v3 take. */
  readonly sid: string;
  login(asked: Asked): Session | LoginRefusal;
  /** The session of the cookie, counting this request; undefined: none, unknown or ended. */
  ofCookie(asked: Asked): Session | undefined;
  /** v3: `Authorization: Bearer` with a sid or the value of the cookie. */
  ofBearer(asked: Asked): Session | undefined;
  end(session: Session): void;
  /** Every session and every sid but the first is over at once. */
  endAll(): void;
  /** The XML answer of `authLogin.cgi`. */
  qtsLogin(asked: Asked): string;
}

interface Kept extends Session {
  since: number;
  requests: number;
}

const KEEP = 1000;

export function createSessions(rules: SessionRules): Sessions {
  const kept = new Map<string, Kept>();
  const sids = new Map<string, string>();
  const owner = Object.keys(rules.users)[0] ?? 'admin';
  const sid = randomBytes(4).toString('hex');
  const nobody: Session = { token: '', user: 'nobody', anonymous: true };
  const open = (user: string): Session => {
    const session: Kept = {
      token: randomBytes(16).toString('hex'),
      user,
      anonymous: false,
      since: rules.now(),
      requests: 0,
    };
    kept.set(session.token, session);
    if (kept.size > KEEP) kept.delete(kept.keys().next().value ?? '');
    return session;
  };
  const use = (token: string | undefined): Session | undefined => {
    const session = kept.get(token ?? '');
    if (session === undefined) return undefined;
    session.requests += 1;
    const old = rules.lifeMs > 0 && rules.now() - session.since >= rules.lifeMs;
    const spent = rules.lifeRequests > 0 && session.requests > rules.lifeRequests;
    if (!old && !spent) return session;
    kept.delete(session.token);
    return undefined;
  };
  const sidUser = (text: string | undefined): string | undefined =>
    text === sid ? owner : sids.get(text ?? '');
  const right = (user: string, password: string): boolean =>
    Object.hasOwn(rules.users, user) && rules.users[user] === password;
  return {
    sid,
    login(asked) {
      const given = loginFields(asked, rules.traits);
      if (given === undefined) return 'malformed';
      if (!rules.loginRequired) return nobody;
      if (given.sid !== undefined && rules.traits.sidLogin) {
        const user = sidUser(given.sid);
        return user === undefined ? 'wrong' : open(user);
      }
      if (given.username === undefined || given.password === undefined) return 'malformed';
      if (!right(given.username, given.password)) return 'wrong';
      return rules.twoFactor ? 'two-factor' : open(given.username);
    },
    ofCookie: (asked) => (rules.loginRequired ? use(cookieOf(asked, rules.traits.cookie)) : nobody),
    ofBearer(asked) {
      if (!rules.loginRequired) return nobody;
      const token = /^Bearer (\S+)$/.exec(asked.headers.authorization ?? '')?.[1];
      const user = sidUser(token);
      return user === undefined ? use(token) : { token: '', user, anonymous: false };
    },
    end: (session) => kept.delete(session.token),
    endAll() {
      kept.clear();
      sids.clear();
    },
    qtsLogin(asked) {
      const given = qtsFields(asked);
      if (!right(given.user, given.password)) return qtsAnswer({ passed: '0', errorValue: '-1' });
      if (rules.twoFactor) return qtsAnswer({ passed: '0', need2sv: '1' });
      if (given.service >= 100) return qtsAnswer({ passed: '1' });
      const fresh = randomBytes(4).toString('hex');
      sids.set(fresh, given.user);
      if (sids.size > KEEP) sids.delete(sids.keys().next().value ?? '');
      return qtsAnswer({ passed: '1', sid: fresh });
    },
  };
}

interface LoginFields {
  username?: string | undefined;
  password?: string | undefined;
  sid?: string | undefined;
}

// The form dialects want the form's content type; the JSON dialects look at none (wire: Container Station 1.2).
function loginFields(asked: Asked, traits: DialectTraits): LoginFields | undefined {
  if (traits.loginBody === 'form') {
    const type = asked.headers['content-type'] ?? '';
    if (!type.toLowerCase().startsWith('application/x-www-form-urlencoded')) return undefined;
    const form = new URLSearchParams(asked.body);
    return { username: form.get('username') ?? undefined, password: form.get('password') ?? undefined };
  }
  try {
    const fields = JSON.parse(asked.body) as Record<string, unknown> | null;
    if (typeof fields !== 'object' || fields === null) return undefined;
    const text = (name: string): string | undefined =>
      typeof fields[name] === 'string' ? fields[name] : undefined;
    return { username: text('username'), password: text('password'), sid: text('sid') };
  } catch {
    return undefined;
  }
}

function cookieOf(asked: Asked, name: string): string | undefined {
  for (const pair of (asked.headers.cookie ?? '').split(';')) {
    const [key, ...value] = pair.trim().split('=');
    if (key === name) return value.join('=');
  }
  return undefined;
}

// `pwd` is base64; plain text in it fails silently (wire: Container Station 1.7).
function qtsFields(asked: Asked): { user: string; password: string; service: number } {
  const given = asked.method === 'POST' ? new URLSearchParams(asked.body) : asked.query;
  const encoded = given.get('pwd');
  return {
    user: given.get('user') ?? '',
    password: encoded === null ? (given.get('plain_pwd') ?? '') : Buffer.from(encoded, 'base64').toString(),
    service: Number(given.get('service') ?? 0),
  };
}

function qtsAnswer(answer: {
  passed: '0' | '1';
  sid?: string;
  need2sv?: string;
  errorValue?: string;
}): string {
  const fields: [string, string | undefined][] = [
    ['authPassed', answer.passed],
    ['authSid', answer.sid],
    ['need_2sv', answer.need2sv],
    ['errorValue', answer.errorValue],
  ];
  const members = fields
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
  return `<?xml version="1.0" encoding="UTF-8" ?>\n<QDocRoot version="1.0">${members.join('')}</QDocRoot>\n`;
}
