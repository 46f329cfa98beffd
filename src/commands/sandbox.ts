// `sandbox`: the platforms on loopback with a living sample app on each. Knows no platform's forms.
import type { Command } from 'commander';
import type { Lent } from '../program.ts';

export interface SandboxOptions {
  readonly seed: string;
  readonly scale: string;
  readonly demo?: boolean;
}

export function declareSandbox(program: Command, lent: Lent): void {
  program
    .command('sandbox')
    .description('The platforms on loopback with a living sample app on each; needs no account')
    .usage('[OPTIONS] [-- COMMAND…]')
    .argument('[command...]', 'runs against the sandbox; its exit code is ours')
    .passThroughOptions()
    .option('--seed <N>', 'same seed, same story', '1')
    .option('--scale <X>', 'story seconds per real second', '1')
    .option('--demo', 'about 20 seconds of a merged tail, then the end')
    .helpOption('-h, --help', 'show this help')
    .action(async (command: string[], options: SandboxOptions) => {
      const { runSandbox } = await import('./sandbox-run.ts');
      lent.end(await runSandbox({ host: lent.host, command, options }));
    });
}
