// How far a long reading has come, in words. Knows no terminal.
import type { Progress } from '../provider.ts';

const BAR = 20;

/** `[#####---------------] 25 % of 12.0 MiB`, `1234 lines`. */
export function progressText({ done, total, unit }: Progress): string {
  if (total === null || total <= 0) return amount(done, unit);
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR);
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR - filled)}] ${Math.floor(share * 100)} % of ${amount(total, unit)}`;
}

function amount(count: number, unit: Progress['unit']): string {
  if (unit !== 'bytes') return `${count} ${unit}`;
  if (count < 1024 * 1024) return `${(count / 1024).toFixed(1)} KiB`;
  return `${(count / 1024 / 1024).toFixed(1)} MiB`;
}
