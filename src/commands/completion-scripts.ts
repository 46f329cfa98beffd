// The completion scripts of all shells, from the command tree.
import type { Command } from 'commander';
import type { Shell } from './completion.ts';
import { bashScript } from './completion-bash.ts';
import { fishScript } from './completion-fish.ts';
import { powershellScript } from './completion-powershell.ts';
import { completionTree, type Place } from './completion-tree.ts';
import { zshScript } from './completion-zsh.ts';

const SCRIPTS: Readonly<Record<Shell, (places: readonly Place[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

/** Ends in LF. Both programs, `polylog` and `logs`, are in each script. */
export function completionScript(shell: Shell, program: Command): string {
  return SCRIPTS[shell](completionTree(program));
}
