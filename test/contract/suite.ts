// How a contract is written down once and held against every log of every platform. Knows no platform.
import { describe, it } from 'vitest';
import type { FaultName } from '../../src/sandbox/faults.ts';
import type { Platform, Struck, Variant } from './entry.ts';
import { PLATFORMS } from './platforms.ts';
import { type Rig, type RigOptions, startRig, strikeOf } from './rig.ts';

export interface Contract {
  readonly platform: Platform;
  readonly variant: Variant;
  readonly rig: (options?: RigOptions) => Promise<Rig>;
  /** A test with the fault switched on by `strike`; where the platform cannot have it, skipped with the reason. */
  onFault(
    phase: 'past' | 'live',
    name: FaultName,
    title: string,
    test: (fault: Struck) => Promise<void>,
  ): void;
  /** A test of what not every platform has; skipped with the reason where there is one. */
  unless(reason: string | null | undefined, title: string, test: () => Promise<void>): void;
}

/** Registers the tests for every log of every platform. */
export function contract(subject: string, tests: (contract: Contract) => void): void {
  for (const platform of PLATFORMS) {
    for (const variant of platform.variants) {
      describe(`${subject}: ${platform.name}, ${variant.name}`, () => {
        tests({
          platform,
          variant,
          rig: (options) => startRig(platform, variant, options),
          onFault(phase, name, title, test) {
            const fault = strikeOf(variant[phase], name);
            if ('cannot' in fault) it.skip(`${title} (${fault.cannot})`);
            else it(title, () => test(fault));
          },
          unless,
        });
      });
    }
  }
}

function unless(reason: string | null | undefined, title: string, test: () => Promise<void>): void {
  if (reason === null || reason === undefined) it(title, test);
  else it.skip(`${title} (${reason})`, test);
}

/** Why there is no past to be read, or null when there is one. */
export function pastless({ past }: Variant): string | null {
  return 'cannot' in past ? past.cannot : null;
}
