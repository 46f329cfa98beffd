// A state that was waited for, as a sentence or a record. Knows no platform.
import { CliError } from '../errors.ts';
import { formatInstant, type PlatformState } from '../model.ts';
import { jsonDocument } from '../output/json.ts';
import { stateRecord } from '../output/platform-records.ts';
import { jsonLine } from '../output/records.ts';
import type { EventFlags, EventPlace } from './event-target.ts';

export function stateForm({ output, json }: EventFlags, isTTY: boolean): 'text' | 'json' | 'ndjson' {
  if (json && output !== undefined && output !== 'ndjson') {
    throw new CliError('usage', `--json and -o ${output} contradict each other.`);
  }
  const form = json ? 'ndjson' : (output ?? (isTTY ? 'text' : 'ndjson'));
  if (form === 'text' || form === 'json' || form === 'ndjson') return form;
  throw new CliError('usage', `"${form}" is no output form of a state: it is one of text, json, ndjson.`);
}

export function stateText(
  state: PlatformState,
  { shown, label }: EventPlace,
  form: 'text' | 'json' | 'ndjson',
): string {
  if (form === 'ndjson') return jsonLine(stateRecord(state, shown));
  if (form === 'json') return jsonDocument([stateRecord(state, shown)], { isTTY: false });
  const native = state.nativeState.toLowerCase() === state.state ? '' : ` (${state.nativeState})`;
  const since = state.ts ? ` since ${formatInstant({ ...state.ts, digits: 0 })}` : '';
  return `${label} is ${state.state}${native}${since}.\n`;
}
