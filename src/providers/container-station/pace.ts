// How often and how much at a time a Container Station is asked. Knows no network; tests set these to small numbers.

export interface Pace {
  /** Milliseconds between two looks at a log that is followed (2 to 5 s is what the device bears well). */
  readonly pollMillis: number;
  /** Rows of the activity log in one request. */
  readonly pageRows: number;
  /** Rows of one walk through the activity log that are kept in memory; the rest goes to a temporary file. */
  readonly rowsInMemory: number;
  /** Rows in the one request that replaces paging where `offset` is not understood. */
  readonly unpagedRows: number;
  /** Console lines asked for in a quiet poll, at least. */
  readonly pollTail: number;
  /** Console lines asked for in one poll, at most. */
  readonly mostPollTail: number;
  /** Console lines asked for when all are wanted. */
  readonly mostTail: number;
}

export const STATION_PACE: Pace = {
  pollMillis: 3000,
  pageRows: 200,
  rowsInMemory: 5000,
  unpagedRows: 50_000,
  pollTail: 200,
  mostPollTail: 5000,
  mostTail: 100_000,
};
