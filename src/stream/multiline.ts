// Joins the lines of a stack trace into one entry, source by source, in the order of their first lines. Knows no clock
// of its own and no network.
import { type LogBody, LogEntry } from '../model.ts';
import { beginTrace, continueTrace, isBlank, mayHoldBlank, type Trace } from './traces.ts';

export interface Joiner<T> {
  /** Takes lines as they came, and gives the entries to which nothing can be added any more. `now` in milliseconds. */
  push(items: readonly T[], now: number): T[];
  /** Milliseconds until the first that waits has waited long enough; null when none waits. */
  dueIn(now: number): number | null;
  /** Those that have waited long enough. */
  takeDue(now: number): T[];
  /** All that wait. */
  drain(): T[];
}

/** How entries of several lines are made, and taken apart again. */
export interface Multiline<T> {
  createJoiner(): Joiner<T>;
  /** The lines that an entry was joined of; itself when it is a line. */
  partsOf(item: T): readonly T[];
}

export interface MultilineOptions {
  /** Milliseconds of quiet after which an entry is whole. */
  readonly wait?: number;
}

const WAIT = 200;
/** However slowly its lines trickle in, an entry is held for so many waits at most. */
const MOST_WAITS = 5;
/** Of one entry. UTF-16 units. */
const MOST_LINES = 1000;
const MOST_TEXT = 1_048_576;
/** An entry is whole when so many lines of others have come since; all that waits is bounded by the second. */
const MOST_BEHIND = 500;
const MOST_WAITING_TEXT = 4 * MOST_TEXT;

export function createMultiline({ wait = WAIT }: MultilineOptions = {}): Multiline<LogEntry> {
  return {
    createJoiner: () => new TraceJoiner(wait),
    partsOf: (entry) => (entry instanceof JoinedEntry ? entry.parts : [entry]),
  };
}

/** Several lines as one: the head's place and time, the messages and the platform's lines with LF between them. */
class JoinedEntry extends LogEntry {
  readonly parts: readonly LogEntry[];

  constructor(parts: readonly LogEntry[], head: LogEntry) {
    super(
      parts.map((part) => part.raw).join('\n'),
      () => joinedBody(parts, head),
      joinedBytes(parts),
      parts.reduce((sum, part) => sum + part.truncated, 0),
      head.at,
    );
    this.parts = parts;
  }
}

function joinedBody(parts: readonly LogEntry[], head: LogEntry): LogBody {
  return { ...head.body, message: parts.map((part) => part.body.message).join('\n') };
}

function joinedBytes(parts: readonly LogEntry[]): Uint8Array | undefined {
  if (parts.every((part) => part.bytes === undefined)) return undefined;
  const lf = Buffer.from('\n');
  return Buffer.concat(
    parts.flatMap((part, index) => [...(index > 0 ? [lf] : []), part.bytes ?? Buffer.from(part.raw)]),
  );
}

/** Lines that are one entry as far as is known. */
interface Group {
  readonly key: string;
  readonly head: LogEntry;
  lines: LogEntry[];
  size: number;
  trace: Trace;
  readonly openedAt: number;
  touchedAt: number;
  /** How many lines had been taken when it got its last. */
  touchedCount: number;
  isOpen: boolean;
  /** For a blank line: the entry that it belongs to if the line after it does. */
  blankOf: Group | null;
}

class TraceJoiner implements Joiner<LogEntry> {
  readonly #wait: number;
  /** In the order of their heads; those before `#first` are gone. */
  #queue: Group[] = [];
  #first = 0;
  readonly #current = new Map<string, Group>();
  #last: Group | null = null;
  #count = 0;
  #size = 0;

  constructor(wait: number) {
    this.#wait = wait;
  }

  push(items: readonly LogEntry[], now: number): LogEntry[] {
    for (const entry of items) {
      this.#count += 1;
      this.#size += entry.raw.length;
      this.#last = this.#place(entry, now);
    }
    this.#closeBehind();
    return this.#release();
  }

  dueIn(now: number): number | null {
    const front = this.#queue[this.#first];
    return front ? Math.max(0, this.#dueAt(front) - now) : null;
  }

  takeDue(now: number): LogEntry[] {
    for (let index = this.#first; index < this.#queue.length; index += 1) {
      const group = this.#queue[index];
      if (!group || (group.isOpen && this.#dueAt(group) > now)) break;
      this.#close(group);
    }
    return this.#release();
  }

  drain(): LogEntry[] {
    for (const group of this.#queue) this.#close(group);
    return this.#release();
  }

  /** Returns the group that it has become part of. */
  #place(entry: LogEntry, now: number): Group {
    const { body } = entry;
    const last = this.#last;
    // A line without the platform's header is the rest of the text before it (wire: Scalingo 2.2).
    if (last?.isOpen && body.ts === null && last.head.body.ts !== null) {
      const owner = last.blankOf ?? last;
      const trace = continueTrace(owner.trace, body.message) ?? owner.trace;
      return this.#append(last, entry, { trace, now });
    }
    const key = `${body.source} ${body.instance ?? body.component ?? ''} ${body.stream ?? ''}`;
    const group = this.#current.get(key);
    if (!group?.isOpen) return this.#begin(entry, { key, now, trace: beginTrace(body.message) });
    return (
      this.#continue(group, entry, now) ?? this.#begin(entry, { key, now, trace: beginTrace(body.message) })
    );
  }

  #continue(group: Group, entry: LogEntry, now: number): Group | null {
    const { message } = entry.body;
    const owner = group.blankOf ?? group;
    if (!owner.isOpen) return null;
    if (isBlank(message)) {
      if (group !== owner || !mayHoldBlank(owner.trace)) return null;
      return this.#begin(entry, { key: group.key, now, trace: 'plain', blankOf: owner });
    }
    const trace = continueTrace(owner.trace, message);
    if (trace === null) return null;
    return this.#append(group, entry, { trace, now });
  }

  /** To the group, or, with the blank line that it is, to the entry before. */
  #append(group: Group, entry: LogEntry, { trace, now }: { trace: Trace; now: number }): Group {
    const owner = group.blankOf;
    if (!owner?.isOpen) return this.#add(group, { lines: [entry], trace, now });
    const lines = [...group.lines, entry];
    group.lines = [];
    group.size = 0;
    this.#close(group);
    this.#current.set(owner.key, owner);
    return this.#add(owner, { lines, trace, now });
  }

  #add(group: Group, { lines, trace, now }: { lines: LogEntry[]; trace: Trace; now: number }): Group {
    const size = lines.reduce((sum, line) => sum + line.raw.length, 0);
    if (group.lines.length + lines.length > MOST_LINES || group.size + size > MOST_TEXT) {
      const [head = group.head] = lines;
      return this.#begin(head, { key: group.key, now, trace, lines });
    }
    group.lines.push(...lines);
    group.size += size;
    group.trace = trace;
    group.touchedAt = now;
    group.touchedCount = this.#count;
    return group;
  }

  #begin(
    head: LogEntry,
    start: { key: string; now: number; trace: Trace; blankOf?: Group; lines?: LogEntry[] },
  ): Group {
    const { key, now, trace, blankOf = null, lines = [head] } = start;
    const before = this.#current.get(key);
    if (before && before !== blankOf) {
      if (before.blankOf) this.#close(before.blankOf);
      this.#close(before);
    }
    const size = lines.reduce((sum, line) => sum + line.raw.length, 0);
    const group: Group = {
      key,
      head,
      lines,
      size,
      trace,
      openedAt: now,
      touchedAt: now,
      touchedCount: this.#count,
      isOpen: true,
      blankOf,
    };
    this.#current.set(key, group);
    this.#queue.push(group);
    return group;
  }

  #dueAt(group: Group): number {
    return Math.min(group.touchedAt + this.#wait, group.openedAt + MOST_WAITS * this.#wait);
  }

  #close(group: Group): void {
    group.isOpen = false;
    if (this.#current.get(group.key) === group) this.#current.delete(group.key);
  }

  #closeBehind(): void {
    let size = this.#size;
    for (let index = this.#first; index < this.#queue.length; index += 1) {
      const group = this.#queue[index];
      if (!group) continue;
      if (group.isOpen && this.#count - group.touchedCount <= MOST_BEHIND && size <= MOST_WAITING_TEXT)
        return;
      this.#close(group);
      size -= group.size;
    }
  }

  #release(): LogEntry[] {
    const whole: LogEntry[] = [];
    for (; this.#first < this.#queue.length; this.#first += 1) {
      const group = this.#queue[this.#first];
      if (!group || group.isOpen) break;
      const [head, ...more] = group.lines;
      // A blank line that went into its entry leaves an empty place.
      if (!head) continue;
      this.#size -= group.size;
      whole.push(more.length === 0 ? head : new JoinedEntry(group.lines, group.head));
    }
    if (this.#first > 1024 || this.#first === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return whole;
  }
}
