// `logs export`: everything that a platform keeps of one log, to stdout or into a file that is whole or not there.
import { type Context, createContext, type GlobalOptions } from '../context.ts';
import { CliError, Interruption } from '../errors.ts';
import { createWholeFile, type WholeFile } from '../output/file.ts';
import type { Terminal } from '../output/terminal.ts';
import { isSupported } from '../provider.ts';
import type { ResolvedTarget } from '../target.ts';
import { cutShort } from './log-end.ts';
import { type Loss, tellingLosses } from './log-losses.ts';
import { type LogFlags, type LogRequest, parseLogRequest } from './log-request.ts';
import { type LogCommand, readLogs } from './log-run.ts';
import { logTargets, platformFlags, shownTarget } from './log-targets.ts';
import { addressOf, nameOf } from './target-words.ts';

const FORMS = ['ndjson', 'csv', 'raw'];

export async function exportLogs({ host, targets, options }: Omit<LogCommand, 'mode'>): Promise<number> {
  const context = createContext(host, options as GlobalOptions);
  try {
    const form = typeof options.output === 'string' ? options.output : 'ndjson';
    if (!FORMS.includes(form)) {
      throw new CliError('usage', `"${form}" is no form of an export: it is one of ${FORMS.join(', ')}.`);
    }
    const given: LogFlags = { ...options, output: form, all: true };
    const request = await parseLogRequest(given, { mode: 'show', now: Date.now(), env: {} });
    const resolved = await logTargets(context, targets, options);
    const [target, ...more] = resolved;
    if (!target || more.length > 0) {
      throw new CliError('usage', 'logs export takes one target.', {
        hint: 'Export each log into a file of its own, or use logs show --all for several.',
      });
    }
    const flags = platformFlags(options, [target]);
    const to = typeof options.to === 'string' && options.to !== '-' ? options.to : undefined;
    const file = to === undefined ? undefined : await createWholeFile(to);
    const forget = file && host.signals?.beforeForcedEnd(file.discardNow);
    try {
      const sink = file ? { ...context, terminal: fileTerminal(context.terminal, file) } : context;
      const code = await writeLog({ context: sink, target, request, flags, to });
      if (code === 0) await file?.keep();
      return code;
    } finally {
      await file?.discard();
      forget?.();
    }
  } finally {
    await context.close();
  }
}

interface Export {
  readonly context: Context;
  readonly target: ResolvedTarget;
  readonly request: LogRequest;
  /** Of the platform. */
  readonly flags: Readonly<Record<string, string | boolean>>;
  /** undefined: stdout. */
  readonly to: string | undefined;
}

async function writeLog({ context, target, request, flags, to }: Export): Promise<number> {
  const { provider, client } = await context.connect(target.entry);
  const { logs } = provider;
  if (isSupported(logs) && logs.traits.history === 'none') {
    throw new CliError(
      'usage',
      `${provider.title} keeps no history that could be exported (${addressOf(target)}).`,
      {
        hint: `To keep what is written from now on: polylog logs tail ${addressOf(target)} -o ndjson > FILE.`,
      },
    );
  }
  const isRaw = isSupported(logs) && request.output.form === 'raw';
  const [flag] = Object.keys(flags);
  // Whether there is such an export is told by asking; where it will be refused nothing is sent.
  const signal = flag === undefined ? context.signal : AbortSignal.abort();
  const native = isRaw ? logs.nativeExport?.(client, target.ref, signal) : null;
  if (!native) return writeEntries({ context, target, request, flags, to });
  if (flag !== undefined) {
    native.catch(() => undefined);
    throw unfiltered(flag, target);
  }
  try {
    for await (const chunk of await native) await context.terminal.print(chunk);
  } catch (error) {
    const { reason } = context.signal;
    if (reason instanceof Interruption)
      context.terminal.note(`polylog: ${nameOf(shownTarget(target))}: ${cutShort(reason, to).sentence}.`);
    throw error;
  }
  await context.terminal.flush();
  return 0;
}

/** An export of the platform's own comes as the platform writes it, whole. */
function unfiltered(flag: string, target: ResolvedTarget): CliError {
  return new CliError(
    'usage',
    `-o raw is the own export of ${target.entry.title}, which takes no --${flag} (${addressOf(target)}).`,
    { hint: 'It is applied with -o csv and -o ndjson.' },
  );
}

async function writeEntries({ context, target, request, flags, to }: Export): Promise<number> {
  const losses: Loss[] = [];
  const telling: Context = {
    ...context,
    connect: async (...asked) => tellingLosses(await context.connect(...asked), (loss) => losses.push(loss)),
  };
  const code = await readLogs({ context: telling, request, targets: [target], flags, file: to });
  const [first, ...more] = losses;
  if (code !== 0 || first === undefined) return code;
  const others = more.length === 0 ? '' : `, and ${more.length} more`;
  const verb = losses.some(({ certain }) => certain) ? 'is not' : 'may not be';
  const outcome = to === undefined ? '' : `; ${to} was not written`;
  throw new CliError(
    'unavailable',
    `The export of ${addressOf(target)} ${verb} whole: ${first.reason}${others}${outcome}.`,
    {
      hint: `What can be read: polylog logs show ${addressOf(target)} --all -o ${request.output.form}.`,
    },
  );
}

/** Records go into the file; everything for people goes where it always goes. */
function fileTerminal(terminal: Terminal, file: WholeFile): Terminal {
  return {
    out: { isTTY: false, columns: 80, color: 0 },
    err: terminal.err,
    print: (text) => file.write(text),
    note: terminal.note,
    complain: terminal.complain,
    busy: terminal.busy,
    flush: async () => undefined,
    isClosed: false,
    closed: new Promise(() => undefined),
  };
}
