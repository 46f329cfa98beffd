// The stored output of a build: a snapshot that is written anew every two seconds while the build runs. Knows nothing of
// what was given before.
import { type Build, type Instant, LogEntry } from '../../model.ts';
import { fieldsOf, textOf } from '../../transport/json-fields.ts';
import { createLineSplitter } from '../../transport/lines.ts';
import { buildPath, buildSubject, isFinal, readBuild } from './build-records.ts';
import type { AkkerisClient, LogPlace } from './client.ts';
import { unreadable } from './refusal.ts';

/** One build's output. */
export interface BuildOutput {
  readonly client: AkkerisClient;
  readonly place: LogPlace;
  readonly build: Build;
}

export interface Snapshot {
  /** Whether the build is over; what stands in its lines says nothing about that (wire: Akkeris 3.3). */
  readonly over: boolean;
  /** Lines without their ends. While the build runs without the last one, which may still change. */
  readonly lines: readonly string[];
  /** By the platform's clock; null where it does not say. */
  readonly date: Instant | null;
}

/** Beyond that a log is no reading matter, and each snapshot brings all of it again. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Both forms are read: the observed one, which has no id, and the page's (wire: Akkeris 3.2). */
export async function readSnapshot(
  { client, place, build }: BuildOutput,
  signal: AbortSignal,
): Promise<Snapshot> {
  const subject = buildSubject(place, build.id);
  const path = `${buildPath(place, build.id)}/result`;
  const { json, date } = await client.read({ path, subject, maxBytes: MOST_BYTES }, signal);
  const fields = fieldsOf(json);
  const lines = fields?.lines ?? [];
  if (fields === null || !Array.isArray(lines)) throw unreadable(subject, 'array of lines');
  const status = textOf(fieldsOf(fields.build)?.status);
  const over = isFinal(status) ?? (await readBuild(client, place, build.id, signal)).ended;
  const texts = lines.map(lineText);
  return { over, lines: over ? withoutEnd(texts) : firmOf(texts), date };
}

export function entriesOf(lines: readonly string[], build: string): readonly LogEntry[] {
  if (lines.length === 0) return [];
  const splitter = createLineSplitter({
    make: (text, bytes, truncated) => new LogEntry(text, (raw) => bodyOf(raw, build), bytes, truncated),
  });
  return splitter.push(Buffer.from(`${lines.join('\n')}\n`, 'utf8'));
}

function bodyOf(raw: string, build: string) {
  return {
    ts: null,
    quality: 'observed' as const,
    component: null,
    instance: null,
    source: 'build' as const,
    stream: null,
    level: null,
    message: raw,
    fields: null,
    id: null,
    deployment: build,
  };
}

/** An element that is no text is shown as what it is: leaving it out would move all that follow. */
function lineText(element: unknown): string {
  return typeof element === 'string' ? element : (JSON.stringify(element) ?? '');
}

/** Every line has been ended; what stands behind the last end is nothing. */
function withoutEnd(lines: readonly string[]): readonly string[] {
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/**
 * The last line may be half written, and may vanish when it is whole, for some are struck out; blank lines vanish when
 * more of them follow (wire: Akkeris 3.2).
 */
function firmOf(lines: readonly string[]): readonly string[] {
  let length = Math.max(0, lines.length - 1);
  while (length > 0 && lines[length - 1]?.trim() === '') length -= 1;
  return lines.slice(0, length);
}
