// The one session of a station: finds the API, logs in when needed, renews when refused. Knows no log and no container.
import { CliError } from '../../errors.ts';
import type { SessionStore } from '../../provider.ts';
import type { HttpRequest, HttpStream, Network } from '../../transport/network.ts';
import { offsetFromLogin } from './clock.ts';
import { createCookieJar } from './cookies.ts';
import type { Address } from './dialect.ts';
import { keptText, readKept } from './kept-session.ts';
import { type Account, type Credential, type LoginForm, logIn } from './login.ts';
import { probePrefix } from './probe.ts';
import {
  failureError,
  failureOf,
  headerOf,
  isLoginPage,
  isRefused,
  type Reply,
  readReply,
  statusOf,
} from './reply.ts';
import { SharedRun } from './shared-run.ts';

export interface SessionOptions {
  readonly address: Address;
  /** null: the station is asked without a login. */
  readonly credential: Credential | null;
  readonly network: Network;
  /** Keeps the session between runs. */
  readonly sessions?: SessionStore | undefined;
}

export interface Ask {
  /** Behind `/api/v1`, with its query. */
  readonly path: string;
  /** For errors: `the activity log`. */
  readonly what: string;
  /** `v3`: behind `/api/v3` instead. */
  readonly api?: 'v1' | 'v3';
  readonly maxBytes?: number;
  /** Milliseconds; 0 = none: for a request that may be held. */
  readonly timeout?: number;
  /** False: what fails is not asked again. */
  readonly retry?: boolean;
}

export class StationSession {
  /** Names the platform and its address, for errors. */
  readonly station: string;
  readonly #address: Address;
  readonly #credential: Credential | null;
  readonly #network: Network;
  readonly #sessions: SessionStore | undefined;
  readonly #jar = createCookieJar();
  readonly #probing = new SharedRun<string>();
  readonly #loggingIn = new SharedRun<void>();
  #prefix: string | null;
  #form: LoginForm | null = null;
  /** Counts logins, so that of several refused requests one renews for all. */
  #generation = 0;
  #offset: number | null = null;
  #restoring: Promise<void> | null = null;

  constructor({ address, credential, network, sessions }: SessionOptions) {
    this.#address = address;
    this.#credential = credential;
    this.#network = network;
    this.#sessions = sessions;
    this.#prefix = address.prefix;
    this.station = `Container Station at ${address.origin}`;
  }

  /** Milliseconds that the station's clock is ahead of UTC, as the last login showed it; null before one. */
  get utcOffset(): number | null {
    return this.#offset;
  }

  /** What stands before `/api/v1`; found by asking, without the password, where the address does not say. */
  async prefix(signal: AbortSignal): Promise<string> {
    const { origin } = this.#address;
    const place = { network: this.#network, origin, station: this.station };
    this.#prefix ??= await this.#probing.join((own) => probePrefix(place, own), signal);
    return this.#prefix;
  }

  /** The reply, failures included, but one login later where the session was refused. Throws CliError. */
  async ask(ask: Ask, signal: AbortSignal): Promise<Reply> {
    const generation = await this.#enter(signal);
    const reply = await this.#get(ask, signal);
    if (!this.isGone(reply)) return reply;
    await this.#renew(generation, signal);
    const again = await this.#get(ask, signal);
    const failure = failureOf(again);
    if (failure && isRefused(failure)) throw this.#notAllowed(ask.what, failure.code);
    return again;
  }

  /** The JSON of a reply that is no failure. Throws CliError otherwise. */
  async json(ask: Ask, signal: AbortSignal): Promise<unknown> {
    return this.jsonOf(await this.ask(ask, signal), ask);
  }

  jsonOf(reply: Reply, { what }: Ask): unknown {
    const failure = failureOf(reply);
    if (failure) throw failureError(failure, reply, { station: this.station, what });
    if (reply.json === undefined) {
      throw new CliError('platform', `${this.station} answers the request for ${what} with no JSON.`);
    }
    return reply.json;
  }

  /** A body that is read as it comes. `status` is not judged. */
  async stream(ask: Ask, signal: AbortSignal): Promise<HttpStream> {
    const generation = await this.#enter(signal);
    const stream = await this.#network.stream({ ...this.#requestOf(ask), ends: true }, signal);
    if (stream.status !== 401 && stream.status !== 403) return stream;
    stream.cancel();
    await this.#renew(generation, signal);
    return this.#network.stream({ ...this.#requestOf(ask), ends: true }, signal);
  }

  /** Whether an answer says that the session is gone, or shows it. */
  isGone(reply: Reply): boolean {
    const { origin } = this.#address;
    return isRefused(failureOf(reply)) || (this.#credential !== null && isLoginPage(reply, origin));
  }

  /** Logs in anew unless that has happened since `generation`; for answers that only their reader can judge. */
  async renew(signal: AbortSignal): Promise<void> {
    await this.#renew(this.#generation, signal);
  }

  async #enter(signal: AbortSignal): Promise<number> {
    await this.prefix(signal);
    if (this.#credential && this.#generation === 0) await this.#restore();
    if (this.#credential && this.#generation === 0) await this.#renew(0, signal);
    return this.#generation;
  }

  /** Takes up the session of an earlier run; when the station has forgotten it, it is renewed like any other. */
  #restore(): Promise<void> {
    this.#restoring ??= (async () => {
      const kept = readKept((await this.#sessions?.load()) ?? null);
      if (kept === null || this.#generation !== 0) return;
      this.#jar.take(kept.cookies);
      this.#form = kept.form;
      this.#offset = kept.offset;
      this.#generation = 1;
    })();
    return this.#restoring;
  }

  /** Ends the session that an earlier run has kept; without one nothing is asked (wire: Container Station 1.4). */
  async logOut(signal: AbortSignal): Promise<void> {
    if (this.#generation === 0) await this.#restore();
    const cookie = this.#jar.header();
    if (cookie === null) return;
    const url = `${this.#address.origin}${await this.prefix(signal)}/api/v1/logout`;
    await this.#network.request({ method: 'PUT', url, credential: { cookie } }, signal);
    this.#jar.clear();
  }

  async #renew(generation: number, signal: AbortSignal): Promise<void> {
    const credential = this.#credential;
    if (!credential) {
      throw new CliError('auth', `${this.station} asks for a login.`, {
        hint: 'Set POLYLOG_QNAP_USER and POLYLOG_QNAP_PASSWORD, or POLYLOG_QNAP_SID.',
      });
    }
    if (this.#generation !== generation) return;
    await this.#loggingIn.join((own) => this.#logIn(credential, own), signal);
  }

  async #logIn(credential: Credential, signal: AbortSignal): Promise<void> {
    const prefix = await this.prefix(signal);
    this.#jar.clear();
    const { account, form, reply } = await logIn({
      credential,
      prefix,
      form: this.#form,
      station: this.station,
      send: (body) => this.#post(`${prefix}/api/v1/login`, body, signal),
    });
    this.#form = form;
    this.#offset = offsetOf(account, reply) ?? this.#offset;
    this.#generation += 1;
    const cookies = this.#jar.header();
    if (cookies !== null) this.#sessions?.keep(keptText({ cookies, form, offset: this.#offset }));
  }

  async #post(
    path: string,
    { headers, body }: Pick<HttpRequest, 'headers' | 'body'>,
    signal: AbortSignal,
  ): Promise<Reply> {
    const answer = await this.#network.request(
      {
        method: 'POST',
        url: `${this.#address.origin}${path}`,
        ...(body === undefined ? {} : { body }),
        // Among the credentials, because the body is one: so it goes only where credentials may.
        credential: { accept: 'application/json', ...headers },
      },
      signal,
    );
    this.#jar.take(answer.headers['set-cookie']);
    return readReply(answer);
  }

  async #get(ask: Ask, signal: AbortSignal): Promise<Reply> {
    const answer = await this.#network.request(this.#requestOf(ask), signal);
    this.#jar.take(answer.headers['set-cookie']);
    return readReply(answer);
  }

  #requestOf({ path, api = 'v1', maxBytes, timeout, retry }: Ask): HttpRequest {
    const cookie = this.#jar.header();
    const bearer = api === 'v3' ? this.#bearer() : null;
    const credential = {
      ...(cookie === null ? {} : { cookie }),
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    };
    return {
      url: `${this.#address.origin}${this.#prefix ?? ''}/api/${api}${path}`,
      ...(cookie === null && bearer === null ? {} : { credential }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(timeout === undefined ? {} : { timeout }),
      ...(retry === undefined ? {} : { retry }),
      statusOf,
    };
  }

  /** Version 3 takes a QTS session id, or the session of version 1's login (wire: Container Station 1.7). */
  #bearer(): string | null {
    return this.#credential?.kind === 'sid' ? this.#credential.sid : this.#jar.session();
  }

  #notAllowed(what: string, code: number): CliError {
    const who = this.#credential?.kind === 'password' ? this.#credential.user : 'this session';
    return new CliError('auth', `${this.station} does not allow ${who} to see ${what} (${code}).`, {
      status: code,
      hint: 'An administrator of the NAS may be needed.',
    });
  }
}

function offsetOf({ logintime }: Account, reply: Reply): number | null {
  return offsetFromLogin(logintime, headerOf(reply, 'date'), Date.now());
}
