// `logs export`: everything that a platform keeps of one log, to stdout or into a file that is whole or not there.
import { type Context, createContext, type GlobalOptions } from '../context.ts';
import { CliError } from '../errors.ts';
import { createWholeFile, type WholeFile } from '../output/file.ts';
import type { Terminal } from '../output/terminal.ts';
import { isSupported } from '../provider.ts';
import type { ResolvedTarget } from '../target.ts';
import { type LogFlags, type LogRequest, parseLogRequest } from './log-request.ts';
import { type LogCommand, labelOf, namedTargets, platformFlags, readLogs } from './log-run.ts';

const FORMS = ['ndjson', 'csv', 'raw'];

export async function exportLogs({ host, targets, options }: Omit<LogCommand, 'mode'>): Promise<number> {
  const context = createContext(host, options as GlobalOptions);
  try {
    const form = typeof options.output === 'string' ? options.output : 'ndjson';
    if (!FORMS.includes(form)) {
      throw new CliError('usage', `"${form}" is no form of an export: it is one of ${FORMS.join(', ')}.`);
    }
    const flags: LogFlags = { ...options, output: form, all: true };
    const request = await parseLogRequest(flags, { mode: 'show', now: Date.now(), env: {} });
    const resolved = await context.targets(namedTargets(targets, options));
    const [target, ...more] = resolved;
    if (!target || more.length > 0) {
      throw new CliError('usage', 'logs export takes one target.', {
        hint: 'Export each log into a file of its own, or use logs show --all for several.',
      });
    }
    const to = typeof options.to === 'string' && options.to !== '-' ? options.to : undefined;
    const file = to === undefined ? undefined : await createWholeFile(to);
    try {
      const sink = file ? { ...context, terminal: fileTerminal(context.terminal, file) } : context;
      const code = await writeLog({ context: sink, target, request, options });
      if (code === 0) await file?.keep();
      return code;
    } finally {
      await file?.discard();
    }
  } finally {
    await context.close();
  }
}

interface Export {
  readonly context: Context;
  readonly target: ResolvedTarget;
  readonly request: LogRequest;
  readonly options: LogFlags;
}

async function writeLog({ context, target, request, options }: Export): Promise<number> {
  const { provider, client } = await context.connect(target.entry);
  const { logs } = provider;
  if (isSupported(logs) && logs.traits.history === 'none') {
    throw new CliError(
      'usage',
      `${provider.title} keeps no history that could be exported (${labelOf(target)}).`,
      {
        hint: `To keep what is written from now on: polylog logs tail ${labelOf(target)} -o ndjson > FILE.`,
      },
    );
  }
  const native =
    isSupported(logs) && request.output.form === 'raw'
      ? logs.nativeExport?.(client, target.ref, context.signal)
      : null;
  if (!native) {
    return readLogs({ context, request, targets: [target], flags: platformFlags(options, [target]) });
  }
  for await (const chunk of await native) await context.terminal.print(chunk);
  await context.terminal.flush();
  return 0;
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
