// Where the program waits for a platform's rhythm (src/wait.ts), it waits a tenth of that, so that a gate's second look
// need not take ten seconds. Time limits keep their length.
const TENTH = 0.1;
/** Shorter ones are no rhythm; a rhythm is not made quicker than this. Milliseconds. */
const SHORTEST = 200;

/** `wait`, in its own file or in a file of the bundle. */
const ASKS = /\bat wait(?:\$\d+)? \(.*\/(?:dist|src)\//;

let users = 0;
let start = globalThis.setTimeout;

/** Until the returned function is called; for all who have asked for it at the same time. */
export function quicken() {
  users += 1;
  if (users === 1) {
    start = globalThis.setTimeout;
    globalThis.setTimeout = Object.assign(function quick(callback, millis, ...rest) {
      const isRhythm = millis > SHORTEST && ASKS.test(new Error().stack ?? '');
      return start(callback, isRhythm ? Math.max(SHORTEST, millis * TENTH) : millis, ...rest);
    }, start);
  }
  return () => {
    users -= 1;
    if (users === 0) globalThis.setTimeout = start;
  };
}
