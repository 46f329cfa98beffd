// What every `builds` command begins with: the target, the platform that has builds, the build that is meant.
import { type Connected, type Context, createContext, type GlobalOptions } from '../context.ts';
import { CliError, isRetryable } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Build } from '../model.ts';
import type { LogTarget } from '../output/log-item.ts';
import { type BuildsCapability, isSupported } from '../provider.ts';
import type { ResolvedTarget } from '../target.ts';
import { wait } from '../wait.ts';

export interface BuildFlags extends GlobalOptions {
  readonly app?: readonly string[];
  readonly output?: string;
  readonly json?: boolean;
  readonly columns?: string;
  readonly lines?: string;
  readonly all?: boolean;
  readonly status?: readonly string[];
  readonly follow?: boolean;
  readonly deploy?: boolean;
  readonly exitStatus?: boolean;
  readonly timeout?: string;
  readonly appearTimeout?: string;
  readonly commit?: string;
  readonly heartbeat?: string;
  readonly ansi?: string;
  readonly timestamps?: string;
  readonly timezone?: string;
  readonly utc?: boolean;
  readonly prefix?: boolean;
}

export interface BuildCommand {
  readonly host: Host;
  readonly target: string | undefined;
  /** As typed. */
  readonly build: string | undefined;
  readonly options: BuildFlags;
}

/** One app on a platform that has builds. */
export interface BuildPlace {
  readonly context: Context;
  readonly connected: Connected;
  readonly target: ResolvedTarget;
  readonly shown: LogTarget;
  readonly builds: BuildsCapability<unknown>;
  /** In sentences: `scalingo:shop`; the profile alone where nothing stands behind it. */
  readonly label: string;
  /** In commands: `scalingo:shop`, `container-station:`. */
  readonly address: string;
}

/** Runs the command with everything freed afterwards. `-a APP` in place of the target: then the first argument is the build. */
export async function withBuilds(
  command: BuildCommand,
  run: (place: BuildPlace, build: string | undefined) => Promise<number>,
): Promise<number> {
  const { host, options } = command;
  const context = createContext(host, options);
  try {
    const [app, ...more] = options.app ?? [];
    if (more.length > 0) throw new CliError('usage', 'A builds command takes one target.');
    if (app !== undefined && command.build !== undefined) {
      throw new CliError('usage', `--app ${app} and the target ${command.target} are both given.`);
    }
    const text = app ?? command.target;
    const build = app === undefined ? command.build : command.target;
    const [target] = await context.targets(text === undefined ? [] : [text]);
    if (!target) throw new CliError('usage', 'No target is given.');
    const connected = await context.connect(target.entry);
    const { builds, title } = connected.provider;
    if (!isSupported(builds)) {
      throw new CliError('usage', `${title} has no builds. ${builds.unsupported}`);
    }
    const shown = { provider: target.entry.name, profile: target.profile, app: target.ref.app };
    const address = `${target.profile}:${target.ref.app}`;
    const label = target.ref.app === '' ? target.profile : address;
    return await run({ context, connected, target, shown, builds, label, address }, build);
  } finally {
    await context.close();
  }
}

export interface Choice {
  /** Id, beginning of an id, `latest`, `active`; undefined = latest. */
  readonly build: string | undefined;
  readonly commit: string | undefined;
  /** Milliseconds to wait for one that does not exist yet; 0 = not at all. */
  readonly appear: number;
  /** A gate: an overloaded platform (429, 5xx) delays the choice and never ends it. */
  readonly patient: boolean;
}

/** The build that is meant. Throws `not-found` when there is none, `usage` when several are. */
export async function chooseBuild(place: BuildPlace, choice: Choice, signal: AbortSignal): Promise<Build> {
  if (choice.build !== undefined && choice.build !== 'latest' && choice.commit !== undefined) {
    throw new CliError('usage', `--commit ${choice.commit} and the build ${choice.build} are both given.`);
  }
  if (choice.commit !== undefined && place.builds.traits.commits === false) {
    throw new CliError('usage', `${place.connected.provider.title} knows no commits of its builds.`, {
      hint: 'Leave --commit out; --appear-timeout waits for a first build.',
    });
  }
  const until = performance.now() + choice.appear;
  const { terminal } = place.context;
  const every = Math.max(place.builds.traits.everyMillis, 1);
  const said = new Set<string>();
  const sayOnce = (words: string) => {
    if (!said.has(words)) terminal.note(`polylog: ${place.label}: ${words}`);
    said.add(words);
  };
  for (;;) {
    try {
      const found = await findBuild(place, choice, signal);
      if (found) return found;
      const left = until - performance.now();
      if (left <= 0) throw noSuchBuild(place, choice);
      sayOnce(`waiting for ${wordsOf(choice)} to appear`);
      await wait(Math.min(left, every), signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CliError) || !isRetryable(error)) throw error;
      // A gate waits out what is no answer at all.
      const waits = (choice.patient && isOverload(error)) || performance.now() < until;
      if (!waits) throw error;
      sayOnce(`${error.message} Still waiting for the verdict.`);
      await wait(Math.max(error.retryAfter ?? 0, every), signal);
    }
  }
}

function isOverload({ status = 0 }: CliError): boolean {
  return status === 429 || status >= 500;
}

function wordsOf({ build, commit }: Choice): string {
  if (commit !== undefined) return `a build of commit ${commit}`;
  return build === undefined || build === 'latest' ? 'a first build' : `build ${build}`;
}

function noSuchBuild({ label, address }: BuildPlace, choice: Choice): CliError {
  const waited = choice.appear > 0 ? ` within ${Math.round(choice.appear / 1000)} s` : '';
  if (choice.build === 'active') {
    return new CliError('not-found', `${label} has no active build.`, {
      hint: `polylog builds list ${address} shows what there is.`,
    });
  }
  const what =
    choice.build === undefined && choice.commit === undefined
      ? 'any build'
      : wordsOf(choice).replace(/^a /, '');
  return new CliError('not-found', `${label} does not have ${what}${waited}.`, {
    hint: `polylog builds list ${address} shows what there is.`,
  });
}

/** How many builds are looked through for a beginning of an id or a commit. */
const LOOKED_THROUGH = 2000;
const SHORTEST_BEGINNING = 1;

async function findBuild(place: BuildPlace, choice: Choice, signal: AbortSignal): Promise<Build | null> {
  const { builds, connected, target } = place;
  const { build } = choice;
  if (build === 'active') {
    if (!builds.active) {
      throw new CliError('usage', `${connected.provider.title} does not say which build is active.`, {
        hint: `Name one by its id: polylog builds list ${place.address}.`,
      });
    }
    return builds.active(connected.client, target.ref, signal);
  }
  const exact = build !== undefined && build !== 'latest' && builds.traits.byId && looksWhole(build);
  if (exact) {
    try {
      return await builds.get(connected.client, target.ref, build, signal);
    } catch (error) {
      if (!(error instanceof CliError) || error.kind !== 'not-found') throw error;
      return null;
    }
  }
  return searchBuild(place, choice, signal);
}

/** A UUID, or an id as long as one: no beginning. */
function looksWhole(id: string): boolean {
  return (
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(id) || /^[0-9a-f]{24}$/i.test(id)
  );
}

const SHORT_HASH = 7;

/** Either may be a shortened form of the other: some platforms show only the beginning of a hash. */
function isCommit(shown: string | null, asked: string): boolean {
  if (shown === null) return false;
  return shown.startsWith(asked) || (shown.length >= SHORT_HASH && asked.startsWith(shown));
}

async function searchBuild(
  place: BuildPlace,
  { build, commit }: Choice,
  signal: AbortSignal,
): Promise<Build | null> {
  const { builds, connected, target } = place;
  const fitting: Build[] = [];
  let seen = 0;
  for await (const page of builds.list(connected.client, target.ref, signal)) {
    for (const candidate of page) {
      seen += 1;
      if (commit !== undefined) {
        if (isCommit(candidate.commit, commit)) return candidate;
      } else if (build === undefined || build === 'latest' || candidate.id === build) return candidate;
      else if (build.length >= SHORTEST_BEGINNING && candidate.id.startsWith(build)) fitting.push(candidate);
    }
    if (seen >= LOOKED_THROUGH) break;
  }
  const [only, ...more] = fitting;
  if (more.length === 0) return only ?? null;
  const ids = fitting.slice(0, 5).map((candidate) => candidate.id);
  throw new CliError('usage', `"${build}" is the beginning of ${fitting.length} builds of ${place.label}.`, {
    hint: `Write more of it: ${ids.join(', ')}${fitting.length > ids.length ? ', …' : ''}.`,
  });
}
