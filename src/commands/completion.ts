// Declares `completion`: prints the completion script of a shell. Knows no shell's language.
import { Argument, type Command } from 'commander';
import type { Lent } from '../program.ts';

export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

export function declareCompletion(program: Command, lent: Lent): void {
  program
    .command('completion')
    .description('Print a completion script for a shell, to be loaded by its settings')
    .addArgument(new Argument('<shell>', 'bash, zsh, fish or powershell').choices(SHELLS))
    .addHelpText('after', HOW)
    .action(async (shell: Shell) => {
      const { completionScript } = await import('./completion-scripts.ts');
      lent.print(completionScript(shell, program));
    });
}

const HOW = `
Where it goes, for polylog and logs alike:
  bash, in ~/.bashrc
      eval "$(polylog completion bash)"
  zsh, in ~/.zshrc after compinit
      eval "$(polylog completion zsh)"
  fish, in ~/.config/fish/config.fish
      polylog completion fish | source
  powershell, in the file that $PROFILE names
      polylog completion powershell | Out-String | Invoke-Expression`;
