// The requests of a Container Station's API v1, in the platform's words. Knows no entry and no following.
import { placeOf } from '../../credential-place.ts';
import { CliError } from '../../errors.ts';
import type { Identity, SessionStore, Settings } from '../../provider.ts';
import type { HttpStream, Network } from '../../transport/network.ts';
import { clockOfOffset, clockOfZone, type StationClock } from './clock.ts';
import { openExport, textOf } from './csv-export.ts';
import { type CsvRow, readCsv } from './csv-rows.ts';
import { addressOf, type Generation, mayBe, takesLists } from './dialect.ts';
import { type LogFilters, type LogQuery, NO_FILTERS, parametersOf } from './log-query.ts';
import { type Credential, readAccount } from './login.ts';
import type { Pace } from './pace.ts';
import { failureOf, isObject } from './reply.ts';
import { type Ask, StationSession } from './session.ts';
import {
  type ConsoleText,
  type Container,
  type LogRow,
  readConsole,
  readContainers,
  readRows,
} from './translate.ts';

/** A console log of 10 MB in ten files is what Docker keeps by default on the NAS; JSON adds escapes. */
const MOST_CONSOLE_BYTES = 64 * 1024 * 1024;
const MOST_LOG_BYTES = 32 * 1024 * 1024;

export const V3_CONTAINERS: Ask = { api: 'v3', path: '/containers', what: 'its containers' };

export interface ClientOptions {
  readonly pace: Pace;
  readonly sessions?: SessionStore | undefined;
}

export class StationClient {
  readonly pace: Pace;
  /** Of the station, as the user set it; null: guessed from the login. */
  readonly zone: string | null;
  readonly profile: string;
  readonly #session: StationSession;
  #version: Promise<string | null> | null = null;
  #v3: Promise<boolean> | null = null;

  constructor(settings: Settings, network: Network, { pace, sessions }: ClientOptions) {
    this.pace = pace;
    this.profile = settings.profile;
    const { timezone } = settings.values;
    this.zone = timezone === undefined || timezone === '' ? null : timezone;
    const credential = credentialOf(settings);
    this.#session = new StationSession({ address: addressOf(settings), credential, network, sessions });
  }

  /** Names the platform and its address, for errors. */
  get station(): string {
    return this.#session.station;
  }

  /** Milliseconds ahead of UTC, as the last login showed it; null when unknown. */
  get utcOffset(): number | null {
    return this.#session.utcOffset;
  }

  /** Corrects the station's local times, as far as its zone is known by now. */
  get clock(): StationClock {
    return this.zone === null ? clockOfOffset(this.utcOffset) : clockOfZone(this.zone);
  }

  /** The JSON of a reply; undefined when this version has no such endpoint (404). Other failures throw. */
  async jsonIfOffered(ask: Ask, signal: AbortSignal): Promise<unknown> {
    const reply = await this.#session.ask(ask, signal);
    if (failureOf(reply)?.code === 404) return undefined;
    return this.#session.jsonOf(reply, ask);
  }

  /** Which of the API's generations it may be before it is asked: see `dialect.ts`. */
  async mayBe(generation: Generation, signal: AbortSignal): Promise<boolean> {
    return mayBe(generation, await this.#session.prefix(signal));
  }

  /** Whether version 3's API answers, which has its own lists of containers and tasks (wire: Container Station 7). */
  speaksV3(signal: AbortSignal): Promise<boolean> {
    this.#v3 ??= this.#asksV3(signal).catch((error: unknown) => {
      this.#v3 = null;
      throw error;
    });
    return this.#v3;
  }

  async #asksV3(signal: AbortSignal): Promise<boolean> {
    if (!(await this.mayBe('v3', signal))) return false;
    const version = await this.version(signal);
    if (version !== null && Number.parseInt(version, 10) < 3) return false;
    return (await this.jsonIfOffered(V3_CONTAINERS, signal)) !== undefined;
  }

  /** Newest first as the station sends them. Throws a usage CliError where this version has no activity log. */
  async logRows(query: LogQuery, signal: AbortSignal): Promise<LogRow[]> {
    const parameters = await this.logParameters(query, signal);
    const ask: Ask = {
      path: `/log?${parameters.map((pair) => pair.join('=')).join('&')}`,
      what: 'the activity log',
      maxBytes: MOST_LOG_BYTES,
    };
    const reply = await this.#session.ask(ask, signal);
    if (failureOf(reply)?.code === 404) throw await this.notOffered('activity log', signal);
    return readRows(this.#session.jsonOf(reply, ask), this.station);
  }

  async logParameters(query: LogQuery, signal: AbortSignal): Promise<readonly (readonly [string, string])[]> {
    return parametersOf(query, await this.#takesLists(query, signal));
  }

  /** The newest row of the whole log, unfiltered; null when the log is empty. */
  async newestRow(signal: AbortSignal): Promise<LogRow | null> {
    const rows = await this.logRows({ ...NO_FILTERS, start: null, end: null, limit: 1, offset: 0 }, signal);
    return rows.reduce<LogRow | null>((newest, row) => (newest && newest.id >= row.id ? newest : row), null);
  }

  /**
   * The station's own CSV of the whole activity log, oldest first, its bytes untouched. Must be read or cancelled.
   * Throws a usage CliError where this version has none.
   */
  async exportCsv(signal: AbortSignal): Promise<HttpStream> {
    const stream = await openExport(this.#session, signal);
    if (stream) return stream;
    throw await this.notOffered('CSV export of the activity log', signal);
  }

  /** The rows of that CSV, oldest first; null where it cannot be had, or is too long to be held. */
  async csvRows(signal: AbortSignal): Promise<CsvRow[] | null> {
    try {
      const stream = await openExport(this.#session, signal);
      const text = stream && (await textOf(stream, MOST_LOG_BYTES));
      return text === null ? null : readCsv(text);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CliError) return null;
      throw error;
    }
  }

  /** Which of these may exist beside the app's name is in `Container.type`: docker, lxc, lxd. */
  async containers(signal: AbortSignal): Promise<Container[]> {
    const json = await this.#session.json({ path: '/container', what: 'its containers' }, signal);
    return readContainers(json, this.station);
  }

  /** The last so many lines of a container's console; null when the station knows no such container (any more). */
  async consoleText(container: Container, tail: number, signal: AbortSignal): Promise<ConsoleText | null> {
    const { type, id, name } = container;
    const ask: Ask = {
      path: `/container/${encodeURIComponent(type)}/${encodeURIComponent(id)}/logs?tail=${tail}`,
      what: `the console log of ${type}/${name}`,
      maxBytes: MOST_CONSOLE_BYTES,
    };
    const reply = await this.#session.ask(ask, signal);
    const failure = failureOf(reply);
    if (failure?.code === 404) {
      const known = await this.containers(signal);
      if (!known.some((other) => other.type === type && other.id === id)) return null;
      throw type === 'docker' ? await this.notOffered('console log', signal) : this.#noConsole(type, name);
    }
    if (
      failure &&
      type !== 'docker' &&
      (failure.code === 400 || failure.code === 405 || failure.code === 501)
    ) {
      throw this.#noConsole(type, name);
    }
    const text = readConsole(this.#session.jsonOf(reply, ask));
    if (!text) throw new CliError('platform', `${this.station} answers ${ask.what} without "logs".`);
    return text;
  }

  /** Who the station takes us for. */
  async identity(signal: AbortSignal): Promise<Identity> {
    const ask: Ask = { path: '/login_refresh', what: 'the login' };
    const account = readAccount(await this.#session.json(ask, signal));
    if (!account) throw new CliError('platform', `${this.station} answers the login without "username".`);
    return {
      user: account.user,
      note: account.admin ? 'administrator' : account.anonymous ? 'anonymous' : null,
    };
  }

  /** Ends the kept session, if there is one. */
  logOut(signal: AbortSignal): Promise<void> {
    return this.#session.logOut(signal);
  }

  /** As the station names it without the `v` (`2.4.0.2316`); null when it tells none. */
  version(signal: AbortSignal): Promise<string | null> {
    this.#version ??= this.#readVersion(signal).catch((error: unknown) => {
      this.#version = null;
      throw error;
    });
    return this.#version;
  }

  async #readVersion(signal: AbortSignal): Promise<string | null> {
    const reply = await this.#session.ask({ path: '/system', what: 'its version' }, signal);
    const versions = isObject(reply.json) && !failureOf(reply) ? reply.json.version : null;
    const told = isObject(versions) ? (versions.qpkg ?? versions.web) : null;
    const match = typeof told === 'string' ? /^v?(\d[\w.-]{0,40})$/.exec(told) : null;
    return match?.[1] ?? null;
  }

  async #takesLists({ categories, levels }: LogFilters, signal: AbortSignal): Promise<boolean> {
    if (categories.length < 2 && levels.length < 2) return true;
    const prefix = await this.#session.prefix(signal);
    return takesLists(prefix, prefix === '' ? await this.version(signal) : null);
  }

  /** Version 3 keeps login and lists of version 1 and drops the rest (wire: Container Station 7). */
  async notOffered(what: string, signal: AbortSignal): Promise<CliError> {
    const version = await this.version(signal).catch((error: unknown) => {
      if (signal.aborted) throw error;
      return null;
    });
    const which = version === null ? '' : ` (version ${version})`;
    const since =
      version === null || Number.parseInt(version, 10) >= 3 ? '; that is so from version 3 on' : '';
    return new CliError('usage', `${this.station}${which} has no ${what} in its API${since}.`, {
      status: 404,
      hint: `What works there: polylog apps list ${this.profile}, builds list, metrics show, events tail, auth status; and on the NAS itself docker logs -f NAME.`,
    });
  }

  #noConsole(type: string, name: string): CliError {
    return new CliError(
      'usage',
      `${this.station} gives console logs of docker containers only, not of ${type}/${name}.`,
      {
        hint: 'With --activity the rows of the activity log that name it are shown.',
      },
    );
  }
}

function credentialOf(settings: Settings): Credential | null {
  const { user, password, sid } = settings.values;
  const placed = (name: string) => ({ place: placeOf(settings, name, 'container-station') });
  if (sid) return { kind: 'sid', sid, ...placed('sid') };
  if (user && password) return { kind: 'password', user, password, ...placed('password') };
  if (!user && !password) return null;
  const missing = user ? 'POLYLOG_QNAP_PASSWORD' : 'POLYLOG_QNAP_USER';
  throw new CliError('usage', `Container Station needs both a user and a password: ${missing} is missing.`, {
    hint: `Set ${missing}, or neither where the station asks for no login.`,
  });
}
