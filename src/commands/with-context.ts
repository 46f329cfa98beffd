// Runs a command with a context of its own and frees everything afterwards. Knows no command.
import { type Context, createContext, type GlobalOptions } from '../context.ts';
import type { Host } from '../host.ts';

export async function withContext(
  { host, options }: { readonly host: Host; readonly options: GlobalOptions },
  run: (context: Context) => Promise<number>,
): Promise<number> {
  const context = createContext(host, options);
  try {
    return await run(context);
  } finally {
    await context.close();
  }
}
