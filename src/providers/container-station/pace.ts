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
  /** Milliseconds in which the station measures its containers anew (wire: Container Station 4.5). */
  readonly metricsMillis: number;
  /** Milliseconds that a request for events may be held by the station. */
  readonly eventHoldMillis: number;
  /** Milliseconds between two such requests at least, when the station does not hold them. */
  readonly eventMinMillis: number;
  /** Seconds that a wait for a state is held in one request at most: a proxy may cut longer ones. */
  readonly waitSeconds: number;
  /** Milliseconds beyond those seconds after which such a request counts as lost. */
  readonly waitMarginMillis: number;
}

export const STATION_PACE: Pace = {
  pollMillis: 3000,
  pageRows: 200,
  rowsInMemory: 5000,
  unpagedRows: 50_000,
  pollTail: 200,
  mostPollTail: 5000,
  mostTail: 100_000,
  metricsMillis: 15_000,
  eventHoldMillis: 90_000,
  eventMinMillis: 2000,
  waitSeconds: 60,
  waitMarginMillis: 10_000,
};
