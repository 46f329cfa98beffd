// A line in the form in which the platform's website shows and saves logs. Knows nothing of the API's own form.
import { formatSecond, type Instant, instantFromMillis } from '../../model.ts';

export interface BracketedLine {
  readonly component: string;
  /** The form names no zone: it is taken for UTC, in which all other times of the platform are. */
  readonly ts: Instant;
  readonly message: string;
}

const FORM = /^\[([^\]\s]{1,128})\] \[(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)\](?: |$)/;

/**
 * `[web] [2025-01-20 13:43:14] text` (wire: DigitalOcean 2.6). Apps write their own lines so too (`[info] […]`): it is one
 * only when the name is that of a component. null for all else.
 */
export function readBracketed(raw: string, names: ReadonlySet<string>): BracketedLine | null {
  if (!raw.startsWith('[')) return null;
  const match = FORM.exec(raw);
  const component = match?.[1] ?? '';
  if (!match || !names.has(component)) return null;
  const time = `${match[2]}T${match[3]}`;
  const ts = instantFromMillis(Date.parse(`${time}Z`), 0);
  // The thirtieth of February is no day.
  return formatSecond(ts.seconds) === time ? { component, ts, message: raw.slice(match[0].length) } : null;
}
