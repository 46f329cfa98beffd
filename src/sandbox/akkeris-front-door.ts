// The front door of the Akkeris API: who may come in, and what it makes of bodies before the controller sees them
// (wire: Akkeris 1.2, 1.4, 1.6). Knows no route but its login.
import type { Asked, Exchange } from './http.ts';

export interface FrontDoorOptions {
  readonly token: string;
  /** A token that is known but in none of the groups that may use this installation. */
  readonly outsiderToken: string;
  readonly user: string;
  readonly password: string;
  /** When set, a login needs it in an `x-akkeris-otp` header. */
  readonly otp: string | undefined;
}

/** The most bytes that the front door's parser takes. */
const MAX_BODY = 100 * 1024;

/**
 * True when it has answered by itself. Express parses before it looks at the token: a broken body is told even to
 * strangers.
 */
export function guardApi(options: FrontDoorOptions, asked: Asked): boolean {
  if (Buffer.byteLength(asked.body) > MAX_BODY) {
    asked.send(413, errorPage('PayloadTooLargeError: request entity too large'), PAGE_FIELDS);
    return true;
  }
  const broken = brokenJson(asked);
  if (broken !== undefined) {
    asked.send(400, errorPage(`SyntaxError: ${broken}`), PAGE_FIELDS);
    return true;
  }
  if (asked.url.pathname === '/authorizations' && asked.method === 'POST') return false;
  const token = tokenOf(asked);
  if (token === options.token) return false;
  if (token === options.outsiderToken) asked.text(403, 'Forbidden');
  else asked.text(401, 'Unauthorized');
  return true;
}

/** The auth host's one route; here it shares the API's port (wire: Akkeris 9). */
export function logIn(options: FrontDoorOptions, asked: Exchange): void {
  const [scheme = '', value = ''] = (asked.headers.authorization ?? '').split(/ +/);
  const { user, password } = credentials(scheme.toLowerCase() === 'basic' ? value : '');
  const wanted = { message: 'Must specify two-factor authentication (2FA) OTP code.' };
  const lacksOtp = options.otp !== undefined && asked.headers['x-akkeris-otp'] !== options.otp;
  if (user !== options.user || password !== options.password) asked.text(401, 'Unauthorized');
  else if (lacksOtp) asked.json(401, wanted, { 'x-akkeris-otp': 'required' });
  else asked.json(201, { token: options.token });
}

/**
 * What the front door passes on: JSON as it was, a form as an object of its keys (so that JSON sent as a form has no
 * `lines`), nothing of any other type.
 */
export function parsedBody(asked: Asked): object | undefined {
  const type = mediaType(asked);
  if (type === 'application/json') return anyJson(asked.body);
  if (type !== 'application/x-www-form-urlencoded') return undefined;
  return Object.fromEntries(new URLSearchParams(asked.body));
}

/** Whatever the content type is; undefined when it is no object. */
export function anyJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Why the parser refuses the body; undefined when it takes it, or is not asked to. */
function brokenJson(asked: Asked): string | undefined {
  if (mediaType(asked) !== 'application/json' || asked.body === '') return undefined;
  const first = asked.body.trimStart().slice(0, 1);
  if (first !== '{' && first !== '[') return `Unexpected token ${first} in JSON at position 0`;
  try {
    JSON.parse(asked.body);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'Unexpected end of JSON input';
  }
}

function mediaType(asked: Asked): string {
  return (asked.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

/** Bearer, or the password of Basic; nothing else is understood. */
function tokenOf(asked: Asked): string | undefined {
  const [scheme = '', value = ''] = (asked.headers.authorization ?? '').split(/ +/);
  if (scheme.toLowerCase() === 'bearer') return value;
  return scheme.toLowerCase() === 'basic' ? credentials(value).password : undefined;
}

function credentials(value: string): { user: string; password: string } {
  const text = Buffer.from(value, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return { user: text.slice(0, Math.max(0, colon)), password: text.slice(colon + 1) };
}

const PAGE_FIELDS = {
  'Content-Security-Policy': "default-src 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Content-Type': 'text/html; charset=utf-8',
};

/** Express's own page, with the stack that it shows to everyone. */
function errorPage(sentence: string): string {
  const shown = sentence
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
  const stack = [
    'JSON.parse (&lt;anonymous&gt;)',
    'parse (/usr/src/app/node_modules/body-parser/lib/types/json.js:89:19)',
    '/usr/src/app/node_modules/body-parser/lib/read.js:121:18',
  ];
  const trace = stack.map((frame) => `<br> &nbsp; &nbsp;at ${frame}`).join('');
  return [
    '<!DOCTYPE html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<title>Error</title>',
    '</head>',
    '<body>',
    `<pre>${shown}${trace}</pre>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}
