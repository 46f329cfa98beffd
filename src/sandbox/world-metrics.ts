// Figures of the sample shop's instances: smooth by the hour, with noise by the quarter minute.
import { fraction } from './random.ts';
import type { WorldMetrics, WorldTime } from './world.ts';

const mebibyte = 1024 * 1024;

export function metricsOf(component: string, index: number, at: WorldTime): WorldMetrics {
  const own = fraction(`${component}-${index}`);
  const noise = fraction(`${component}-${index}-${Math.floor(at.ms / 15_000)}`);
  const hours = at.ms / 3_600_000;
  const tide = 0.5 + 0.5 * Math.sin(2 * Math.PI * (hours + own));
  const busy = component === 'db' ? 0.4 : 1;
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    cpu: round(busy * (4 + 40 * tide + 12 * noise)),
    memory: Math.round((150 + 60 * own + 90 * ((hours + own) % 1) + 8 * noise) * mebibyte),
    memoryLimit: 512 * mebibyte,
    rx: Math.round(busy * (2_000 + 60_000 * tide + 9_000 * noise)),
    tx: Math.round(busy * (4_000 + 180_000 * tide + 20_000 * noise)),
  };
}
