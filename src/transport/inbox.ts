// What has come and nobody has taken yet: bounded by pausing its sender, handed over in batches, one waker. Knows no network.
import { turnForOthers } from '../turns.ts';

export interface InboxLimits {
  /** The sender is paused when so many bytes are held. */
  readonly maxBytes: number;
  /** The sender is paused when so many items are held. */
  readonly maxItems: number;
  pause(): void;
  resume(): void;
}

export type Taken<T, E> = { readonly items: T[] } | { readonly end: E };

export interface Inbox<T, E> {
  push(item: T, bytes: number): void;
  /** A sign of life: an empty batch, unless items are held anyway. */
  touch(): void;
  /** Nothing more comes; what is held is still handed over. */
  end(outcome: E): void;
  /** As `end`, but `take` then throws. */
  fail(error: unknown): void;
  /** Drops what is held; `take` throws this from now on, a pending one too. */
  stop(error: unknown): void;
  /** All that is held, as soon as there is any; one call at a time. */
  take(): Promise<Taken<T, E>>;
}

export function createInbox<T, E>(limits: InboxLimits): Inbox<T, E> {
  let items: T[] = [];
  let bytes = 0;
  let touched = false;
  let paused = false;
  let closing: { readonly outcome: E } | { readonly error: unknown } | undefined;
  let wake: (() => void) | undefined;

  const rouse = () => {
    wake?.();
    wake = undefined;
  };
  const close = (how: { readonly outcome: E } | { readonly error: unknown }) => {
    closing ??= how;
    rouse();
  };
  const empty = (): T[] => {
    const taken = items;
    items = [];
    bytes = 0;
    touched = false;
    if (paused) {
      paused = false;
      limits.resume();
    }
    return taken;
  };

  return {
    push(item, size) {
      if (closing) return;
      items.push(item);
      bytes += size;
      if (!paused && (bytes >= limits.maxBytes || items.length >= limits.maxItems)) {
        paused = true;
        limits.pause();
      }
      if (wake) rouse();
    },
    touch() {
      touched = true;
      rouse();
    },
    end: (outcome) => close({ outcome }),
    fail: (error) => close({ error }),
    stop(error) {
      items = [];
      closing = { error };
      rouse();
    },
    async take() {
      // As long as more comes than is worked off nothing here would ever wait.
      const others = turnForOthers();
      if (others) await others;
      for (;;) {
        if (items.length > 0) return { items: empty() };
        if (closing) {
          if ('error' in closing) throw closing.error;
          return { end: closing.outcome };
        }
        if (touched) return { items: empty() };
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
