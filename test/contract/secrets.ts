// Where credentials may stand and where they must not: in every request that a sandbox saw, and in every sentence that
// was said. Knows no platform.
import { inspect } from 'node:util';
import { expect } from 'vitest';
import { CliError } from '../../src/errors.ts';
import type { Provider, Settings } from '../../src/provider.ts';
import type { SeenRequest } from '../../src/sandbox/server.ts';
import type { Routes } from './entry.ts';

const CARRIERS = ['authorization', 'cookie'];
/** Shorter ones would be found by chance. */
const SHORTEST = 6;

export interface Evidence {
  readonly provider: Provider;
  readonly settings: Settings;
  readonly requests: readonly SeenRequest[];
  readonly routes: Pick<Routes, 'bare' | 'session'>;
  /** Notices, errors, traces. */
  readonly said: readonly string[];
}

/** Throws as `expect` does. */
export function expectNoSecretAstray({ provider, settings, requests, routes, said }: Evidence): void {
  const own = secretsOf(provider, settings);
  for (const request of requests) {
    const bare = routes.bare.includes(request.route);
    const carried = CARRIERS.filter((name) => request.headers[name] !== undefined);
    if (bare) expect(carried, `a credential went to ${request.route}`).toEqual([]);
    const rest = Object.entries(request.headers).filter(([name]) => bare || !CARRIERS.includes(name));
    const body = request.route === routes.session ? '' : request.body;
    expectWithout([request.path, body, JSON.stringify(rest)], own, `in a request to ${request.route}`);
  }
  expectWithout(said, [...own, ...requests.flatMap(sessionSecretsOf)], 'in what was said');
}

/** All that a user could get to see of an error, with --debug too. */
export function wordsOfError(error: unknown): string {
  if (!(error instanceof CliError)) return inspect(error);
  const { message, hint, detail } = error;
  return [message, hint, detail].filter((part) => part !== undefined).join('\n');
}

function secretsOf(provider: Provider, settings: Settings): string[] {
  const values = provider.settings
    .filter(({ secret }) => secret)
    .map(({ name }) => settings.values[name] ?? '');
  return values.filter((value) => value.length >= SHORTEST);
}

/** What a session was given: bearer tokens, cookies, signatures. */
function sessionSecretsOf(request: SeenRequest): string[] {
  const headers = CARRIERS.flatMap((name) => request.headers[name] ?? []);
  const parts = headers.flatMap((header) => header.split(/[ ;=,]+/));
  const query = new URL(request.path, 'http://sandbox').searchParams;
  const signed = ['token', 'sig', 'sid', 'password'].flatMap((name) => query.getAll(name));
  return [...parts, ...signed].filter((part) => part.length > 12);
}

function expectWithout(texts: readonly string[], secrets: readonly string[], where: string): void {
  const forms = [...new Set(secrets)].flatMap((secret) => [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    Buffer.from(`:${secret}`).toString('base64').replace(/=+$/, ''),
  ]);
  const found = texts.filter((text) => forms.some((form) => text.includes(form)));
  expect(found, `a secret stands ${where}`).toEqual([]);
}
