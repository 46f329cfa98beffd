// How long what does not answer is tried: the same for one request and for all that a stream's beginning takes.
import type { Host } from '../host.ts';
import type { FeedTiming } from '../stream/feed.ts';

export function startWithinOf({ retry }: Host): Partial<FeedTiming> {
  return retry === undefined ? {} : { startWithin: retry.maxTotal };
}
