// The past that is fetched while live is held back for it: named when it takes long, given up when it stands still.
// Knows no connection.
import { isPartial } from '../errors.ts';
import { settlesWithin } from '../wait.ts';
import { clause, type FeedStep, say } from './feed-steps.ts';
import { doubt } from './seam.ts';

/** `slowAfter`: milliseconds without a step after which it is said, once, what is waited for. */
export async function* patiently<T>(
  steps: AsyncGenerator<FeedStep<T>, void, undefined>,
  slowAfter: number,
): AsyncGenerator<FeedStep<T>, void, undefined> {
  let isNamed = false;
  try {
    for (;;) {
      const next = steps.next();
      if (!isNamed && !(await settlesWithin(next, slowAfter))) {
        isNamed = true;
        yield say('hint', 'its history is still to come; what is new is held back until then');
      }
      const step = await next;
      if (step.done) return;
      yield step.value;
    }
  } catch (error) {
    if (!isPartial(error)) throw error;
    yield { kind: 'gap', gap: doubt(null, null, clause(error.message)) };
  } finally {
    await steps.return();
  }
}
