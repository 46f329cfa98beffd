import { expect, it } from 'vitest';
import { SharedRun } from '../../../src/providers/container-station/shared-run.ts';

function deferred<T>() {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

it('runs once for all who join, and anew afterwards', async () => {
  const shared = new SharedRun<number>();
  const work = deferred<number>();
  let runs = 0;
  const run = () => {
    runs += 1;
    return work.promise;
  };
  const never = new AbortController().signal;
  const joined = [shared.join(run, never), shared.join(run, never)];
  work.resolve(7);
  expect(await Promise.all(joined)).toEqual([7, 7]);
  await shared.join(run, never);
  expect(runs).toBe(2);
});

it('goes on for the others when one gives up, and is called off when nobody waits', async () => {
  const shared = new SharedRun<number>();
  const work = deferred<number>();
  let own: AbortSignal | undefined;
  const run = (signal: AbortSignal) => {
    own = signal;
    return work.promise;
  };
  const [one, two] = [new AbortController(), new AbortController()];
  const first = shared.join(run, one.signal);
  const second = shared.join(run, two.signal);
  one.abort(new Error('one'));
  await expect(first).rejects.toThrow('one');
  expect(own?.aborted).toBe(false);
  two.abort(new Error('two'));
  await expect(second).rejects.toThrow('two');
  expect(own?.aborted).toBe(true);
  work.reject(new Error('nobody hears this'));
});

it('does not begin for a signal that is aborted already', async () => {
  const shared = new SharedRun<number>();
  const run = () => Promise.reject(new Error('began'));
  await expect(shared.join(run, AbortSignal.abort(new Error('stop')))).rejects.toThrow('stop');
});

it('passes a failure on to all and forgets it', async () => {
  const shared = new SharedRun<number>();
  const never = new AbortController().signal;
  const failing = () => Promise.reject(new Error('no'));
  const outcomes = await Promise.allSettled([shared.join(failing, never), shared.join(failing, never)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await shared.join(() => Promise.resolve(1), never)).toBe(1);
});
