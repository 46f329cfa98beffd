// Container Station's own activity log: its rows, its query parameters, its CSV (wire: Container Station 2).
// Knows neither HTTP nor who may read it.
import type { NasClock } from './container-station-clock.ts';
import { epochSeconds } from './container-station-clock.ts';
import type { DialectTraits } from './container-station-dialects.ts';
import type { WorldTime } from './world.ts';

export interface LogRow {
  readonly id: number;
  /** The true time; answers show it shifted. */
  readonly at: WorldTime;
  readonly level: 'INFO' | 'WARN' | 'ERROR';
  /** `container`, `image`, `import`, `export`, `backup`, `system`, and `volume`, which no document lists. */
  readonly category: string;
  readonly user: string;
  readonly message: string;
}

export type NewLogRow = Pick<LogRow, 'message'> & Partial<LogRow>;

export interface LogReading {
  clock: NasClock;
  traits: Pick<DialectTraits, 'timeParameters' | 'lists'>;
  /** What `offset` counts: rows to skip, or the id of the first row; or nothing (wire: 2.4, "means something else"). */
  offset: 'rows' | 'id' | 'ignored';
  /** Which rows come first, against `newest` of the documents (wire: 2.1). */
  order: 'newest' | 'oldest';
  /** Rows that are written right after each answer. */
  growth: number;
  /** Whether start and end are compared with the shifted or the true seconds, or with nothing. */
  times: 'shifted' | 'true' | 'ignored';
  /** Whether `text` tells cases apart. */
  textCase: 'sensitive' | 'insensitive';
  /** More rows than this are never given at once. */
  maxLimit: number;
  /** Whether ids begin at 1 again after a clear. */
  idsAfterClear: 'restart' | 'continue';
}

/** The row as `/log` shows it. */
export interface ShownRow {
  category: string;
  id: number;
  level: string;
  message: string;
  ts: number;
  user: string;
}

export interface ActivityLog {
  /** Oldest first; the newest 100_000 and a few more. */
  readonly rows: readonly LogRow[];
  /** Defaults: now, INFO, container, admin, the next id. */
  add(row: NewLogRow): LogRow;
  /** Empties the table, then notes that it did. Returns how many rows went. */
  clear(user: string): number;
  /** Newest first. A string says which parameter was bad. */
  select(query: URLSearchParams): ShownRow[] | string;
  /** All rows, oldest first, with header. */
  csv(): string;
}

const KEEP = 100_000;

export function createActivityLog(reading: LogReading, now: () => WorldTime): ActivityLog {
  let rows: LogRow[] = [];
  let last = 0;
  const add = (row: NewLogRow): LogRow => {
    last = row.id ?? last + 1;
    const whole: LogRow = {
      at: now(),
      level: 'INFO',
      category: 'container',
      user: 'admin',
      ...row,
      id: last,
    };
    rows.push(whole);
    if (rows.length > KEEP + 1000) rows = rows.slice(-KEEP);
    return whole;
  };
  return {
    get rows() {
      return rows;
    },
    add,
    clear(user) {
      const gone = rows.length;
      rows = [];
      if (reading.idsAfterClear === 'restart') last = 0;
      add({ category: 'system', user, message: 'System logs are cleared' });
      return gone;
    },
    select: (query) => {
      const selected = selectRows(reading.order === 'oldest' ? rows.toReversed() : rows, query, reading);
      for (let count = 0; count < reading.growth; count += 1) add({ message: 'written meanwhile' });
      return selected;
    },
    csv: () =>
      ['Date,Level,Category,User,Message', ...rows.map((row) => csvLine(row, reading.clock)), ''].join(
        '\r\n',
      ),
  };
}

function selectRows(
  rows: readonly LogRow[],
  query: URLSearchParams,
  reading: LogReading,
): ShownRow[] | string {
  const numbers: Record<string, number> = {};
  const [from, to] = reading.traits.timeParameters;
  for (const name of ['limit', 'offset', from, to]) {
    const text = query.get(name);
    if (text === null || text === '') continue;
    if (!/^\d{1,15}$/.test(text)) return `Invalid parameter: ${name}`;
    numbers[name] = Number(text);
  }
  const heeds = reading.times === 'ignored' ? 0 : 1;
  const range = { from: heeds * (numbers[from] ?? 0), to: heeds * (numbers[to] ?? 0) };
  const keep = rowFilter(query, reading, range);
  const limit = Math.min(numbers.limit ?? 20, reading.maxLimit);
  const offset = numbers.offset ?? 0;
  const found: ShownRow[] = [];
  let skip = reading.offset === 'rows' ? offset : 0;
  for (let index = rows.length - 1; index >= 0 && found.length < limit; index -= 1) {
    const row = rows[index];
    if (row === undefined || !keep(row)) continue;
    if (reading.offset === 'id' && offset > 0 && row.id > offset) continue;
    if (skip > 0) {
      skip -= 1;
      continue;
    }
    found.push(shown(row, reading.clock));
  }
  return found;
}

function rowFilter(
  query: URLSearchParams,
  reading: LogReading,
  range: { from: number; to: number },
): (row: LogRow) => boolean {
  const words = (name: string): string[] | undefined => {
    const text = query.get(name);
    if (text === null || text === '') return undefined;
    return reading.traits.lists ? text.split(',') : [text];
  };
  const levels = words('level');
  const categories = words('category');
  const user = query.get('user') || undefined;
  const fold = (text: string): string => (reading.textCase === 'sensitive' ? text : text.toLowerCase());
  const text = fold(query.get('text') ?? '');
  return (row) => {
    const seconds = reading.times !== 'true' ? reading.clock.shifted(row.at) : epochSeconds(row.at);
    return (
      (levels?.includes(row.level) ?? true) &&
      (categories?.includes(row.category) ?? true) &&
      (user === undefined || row.user === user) &&
      (range.from === 0 || seconds >= range.from) &&
      (range.to === 0 || seconds <= range.to) &&
      fold(row.message).includes(text)
    );
  };
}

function shown(row: LogRow, clock: NasClock): ShownRow {
  return {
    category: row.category,
    id: row.id,
    level: row.level,
    message: row.message,
    ts: clock.shifted(row.at),
    user: row.user,
  };
}

function csvLine(row: LogRow, clock: NasClock): string {
  return [clock.wallMicros(row.at), row.level, row.category, row.user, row.message].map(csvField).join(',');
}

// Python's csv.QUOTE_MINIMAL: only a comma, a quote or a line break makes quotes.
function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
