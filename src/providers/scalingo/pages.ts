// Numbered pages of a list, newest first. Knows no endpoint.
import type { Fields } from '../../transport/json-fields.ts';
import { fieldsOf } from '../../transport/json-fields.ts';

/**
 * The page to ask for after this one, null at the end. Both spellings of `prev_page` were seen, but only `next_page` is
 * to be relied on (wire: Scalingo 1.7); one that does not lead on would be asked for for ever.
 */
export function nextPageOf(answer: Fields, asked: number): number | null {
  const pagination = fieldsOf(fieldsOf(answer.meta)?.pagination);
  const next = Number(pagination?.next_page ?? Number.NaN);
  return Number.isInteger(next) && next > asked ? next : null;
}
