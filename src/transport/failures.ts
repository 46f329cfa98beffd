// Failures of connections in sentences: who, where, what, and the remedy. Shows no path, query or header.
import { CliError, type ErrorContext } from '../errors.ts';

export interface Peer {
  /** `Scalingo (prod)`. */
  readonly who: string;
  /** `host:port`, and the proxy on the way there, if there is one. */
  readonly place: string;
  /** Whether a proxy stands between. */
  readonly proxied?: boolean;
}

const NO_PROXY_HINT = 'NO_PROXY names hosts that are reached directly.';

const NO_CONNECTION: Readonly<Record<string, string>> = {
  ENOTFOUND: 'is unknown: its name cannot be resolved',
  EAI_AGAIN: 'cannot be looked up: the name server does not answer',
  ECONNREFUSED: 'refused the connection',
  ECONNRESET: 'broke off the connection while it was being made',
  EPIPE: 'broke off the connection while it was being made',
  ETIMEDOUT: 'does not answer',
  EHOSTUNREACH: 'cannot be reached: there is no route to it',
  ENETUNREACH: 'cannot be reached: there is no network',
  EADDRNOTAVAIL: 'cannot be reached: there is no network',
};

const LATER = 'Try again later.';
const ADDRESS = 'polylog config list --origin shows where the address comes from';

/** What may mend a connection that did not come about. */
function remedyOf({ place }: Peer, code: string): string {
  if (place.startsWith('the proxy ')) return 'Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY.';
  if (code === 'ENOTFOUND') return `Check its spelling: ${ADDRESS}.`;
  if (code === 'ECONNREFUSED') return `Check whether it runs and listens on that port: ${ADDRESS}.`;
  return `Check whether it can be reached from here: ${ADDRESS}.`;
}

/** A connection that did not come about. */
export function connectFailure(peer: Peer, error: unknown): CliError {
  if (error instanceof CliError) return error;
  const code = codeOf(error);
  const context = { cause: error, ...(code === '' ? {} : { detail: code }) };
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') {
    if (peer.proxied) {
      return new CliError('unavailable', `${peer.who}: what answers for ${peer.place} is no TLS`, {
        ...context,
        hint: `The proxy may have answered with a page of its own. ${NO_PROXY_HINT}`,
        retryable: false,
      });
    }
    return new CliError('usage', `${peer.who}: ${peer.place} does not speak TLS with us`, {
      ...context,
      hint: 'Check the port and whether the address is an http one.',
    });
  }
  return new CliError(
    'unavailable',
    `${peer.who}: ${peer.place} ${NO_CONNECTION[code] ?? 'cannot be reached'}`,
    { ...context, hint: remedyOf(peer, code) },
  );
}

export function connectTimeout(peer: Peer, millis: number): CliError {
  return new CliError(
    'unavailable',
    `${peer.who}: ${peer.place} did not accept a connection within ${seconds(millis)}`,
    { hint: remedyOf(peer, '') },
  );
}

/** A proxy that is not reached, or that says nothing to what it was asked. */
export function proxyTimeout({ who, place }: Peer, proxy: string, millis: number): CliError {
  return new CliError(
    'unavailable',
    `${who}: the proxy ${proxy} has not connected to ${place} within ${seconds(millis)}`,
    { hint: NO_PROXY_HINT },
  );
}

export interface CertificateProblem {
  /** Node's code (`DEPTH_ZERO_SELF_SIGNED_CERT`). */
  readonly code: string;
  /** SHA-256 as `AA:BB:…`, where the peer showed a certificate. */
  readonly found: string | undefined;
  /** Whether --fingerprint and --insecure hold for this host. */
  readonly own: boolean;
}

const DISTRUST: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'is signed by an authority that is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'is signed by an unknown authority',
  CERT_HAS_EXPIRED: 'has expired',
  CERT_NOT_YET_VALID: 'is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'was made for another host name',
};

export function untrustedCertificate(peer: Peer, problem: CertificateProblem): CliError {
  const reason = DISTRUST[problem.code] ?? 'is not trusted';
  const pin = problem.found ? `--fingerprint ${problem.found}` : '--fingerprint SHA256';
  return new CliError('usage', `${peer.who}: the TLS certificate of ${peer.place} ${reason}`, {
    hint: problem.own
      ? `Name its authority with --ca FILE, or, if this is the certificate you expect, pin it with ${pin}; --insecure skips the check.`
      : 'Name its authority with --ca FILE.',
    detail: problem.code,
  });
}

export function changedFingerprint(peer: Peer, expected: string, found: string | undefined): CliError {
  const shown = found ?? 'none';
  return new CliError(
    'usage',
    `${peer.who}: the TLS certificate of ${peer.place} is not the pinned one: expected ${expected}, found ${shown}`,
    {
      hint: 'If the certificate was renewed, give the new one with --fingerprint; otherwise someone may be listening in.',
    },
  );
}

export interface ProxyAnswer {
  /** `host:port`. */
  readonly proxy: string;
  /** Which one named it: `HTTPS_PROXY`. */
  readonly variable: string;
  readonly status: number;
  /** Whether a user name and a password were sent. */
  readonly authorized: boolean;
  /** Names of the ways in which it wants to be told who asks: `Basic`, `Negotiate`. */
  readonly schemes: readonly string[];
}

/** An answer of a proxy to CONNECT that is no tunnel. Its status is none of the platform's. */
export function proxyRefusal({ who, place }: Peer, answer: ProxyAnswer): CliError {
  const { proxy, status, variable } = answer;
  // Some say 401 of a login that they do not accept.
  if (status === 407 || (status === 401 && answer.authorized)) return proxyLogin(who, answer);
  if (status >= 200 && status < 300) {
    return new CliError(
      'unavailable',
      `${who}: the proxy ${proxy} answered with a page of its own instead of connecting to ${place} (${status})`,
      { hint: `Check ${variable}. ${NO_PROXY_HINT}`, retryable: false },
    );
  }
  return new CliError('unavailable', `${who}: the proxy ${proxy} does not connect to ${place} (${status})`, {
    hint: variable === 'HTTP_PROXY' ? `Many proxies connect to https alone. ${NO_PROXY_HINT}` : NO_PROXY_HINT,
    retryable: status === 429 || status >= 500,
  });
}

function proxyLogin(who: string, { proxy, variable, status, authorized, schemes }: ProxyAnswer): CliError {
  if (schemes.length > 0 && !schemes.some((scheme) => /^basic$/i.test(scheme))) {
    return new CliError(
      'usage',
      `${who}: the proxy ${proxy} asks for a login of the kind ${schemes.join(' or ')}, and only Basic is known here (${status})`,
      { hint: `A proxy on this machine can do that; name it in ${variable}. ${NO_PROXY_HINT}` },
    );
  }
  if (authorized) {
    return new CliError(
      'usage',
      `${who}: the proxy ${proxy} does not accept the user name and password in ${variable} (${status})`,
      { hint: 'Correct them there; @ is written %40 and : is written %3A.' },
    );
  }
  return new CliError('usage', `${who}: the proxy ${proxy} asks for a user name and password (407)`, {
    hint: `Write them into ${variable} as http://USER:PASSWORD@HOST:PORT.`,
  });
}

/** A connection that stood and failed; `answered`: the headers had come. */
export function exchangeFailure(peer: Peer, error: unknown, { answered }: { answered: boolean }): CliError {
  if (error instanceof CliError) return error;
  const code = codeOf(error);
  const context: ErrorContext = { cause: error, ...(code === '' ? {} : { detail: code }) };
  if (code === 'UND_ERR_INVALID_ARG') {
    return new CliError(
      'usage',
      `${peer.who}: the request to ${peer.place} cannot be sent: a header or the path has a character that HTTP does not allow`,
      {
        hint: 'Check the credential for line breaks and other stray characters.',
        // The library's own words may quote the header.
        detail: code,
      },
    );
  }
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return new CliError('unavailable', `${peer.who}: the connection to ${peer.place} was closed here`, {
      ...context,
      retryable: false,
    });
  }
  if (answered)
    return new CliError('unavailable', `${peer.who}: the connection to ${peer.place} broke off`, {
      ...context,
      hint: LATER,
    });
  if (isNoHttp(error, code)) {
    return new CliError(
      'unavailable',
      `${peer.who}: ${peer.place} answered with something that is not HTTP`,
      {
        ...context,
        retryable: false,
        hint: peer.proxied ? NO_PROXY_HINT : `Check the address and the port: ${ADDRESS}.`,
      },
    );
  }
  return new CliError('unavailable', `${peer.who}: ${peer.place} closed the connection without an answer`, {
    ...context,
    hint: LATER,
  });
}

export function answerTimeout(peer: Peer, millis: number): CliError {
  return new CliError(
    'unavailable',
    `${peer.who}: ${peer.place} has not answered within ${seconds(millis)}`,
    {
      hint: LATER,
    },
  );
}

/** `30 s`, `0.2 s`. */
export function seconds(millis: number): string {
  return `${Math.round(millis / 100) / 10} s`;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** Node's parser has codes of its own; undici's comes without one. */
function isNoHttp(error: unknown, code: string): boolean {
  if (code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW') return true;
  return error instanceof Error && error.name === 'HTTPParserError';
}
