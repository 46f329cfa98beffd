// What the activity log is asked for, and how that is written in its query. Knows no request.

/** What the station is asked to leave out; empty = nothing. */
export interface LogFilters {
  readonly categories: readonly string[];
  /** `INFO`, `WARN`, `ERROR` */
  readonly levels: readonly string[];
  readonly user: string | null;
  readonly text: string | null;
}

export interface LogQuery extends LogFilters {
  /** Epoch seconds; null = unbounded. */
  readonly start: number | null;
  readonly end: number | null;
  readonly limit: number;
  /** Rows to skip, counted from the newest. */
  readonly offset: number;
}

export const NO_FILTERS: LogFilters = { categories: [], levels: [], user: null, text: null };

/**
 * Values are percent-encoded. `lists`: whether several words may be sent at once. Both names of each time limit are sent: `time_start` up to
 * version 1.4, `start` from 1.6 on (wire: Container Station 2.1); 0 would mean no limit.
 */
export function parametersOf(query: LogQuery, lists: boolean): readonly (readonly [string, string])[] {
  const { start, end, categories, levels, user, text } = query;
  const parameters: [string, string | number | null][] = [
    ['limit', query.limit],
    ['offset', query.offset === 0 ? null : query.offset],
    ['time_start', start],
    ['start', start],
    ['time_end', end],
    ['end', end],
    ['category', listText(categories, lists)],
    ['level', listText(levels, lists)],
    ['user', user],
    ['text', text],
  ];
  return parameters.flatMap(([name, value]) =>
    value === null ? [] : [[name, encodeURIComponent(value).replaceAll('%2C', ',')]],
  );
}

/** null where the station would not understand: then the rows are chosen on our side. */
function listText(words: readonly string[], lists: boolean): string | null {
  if (words.length === 0 || (words.length > 1 && !lists)) return null;
  return words.join(',');
}
