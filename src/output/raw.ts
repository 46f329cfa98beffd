// Log entries as the platform wrote them. Knows no stream and no field of a line.
import { cutMark, type LogItem, type LogRenderer } from './log-item.ts';
import { type AnsiMode, sanitize } from './sanitize.ts';

export interface RawOptions {
  readonly isTTY: boolean;
  readonly ansi: AnsiMode;
}

/** The platform's line and LF, byte for byte, unless `ansi` asks for cleaning; a mark of cut lines on a terminal only. */
export function createRawRenderer({ isTTY, ansi }: RawOptions): LogRenderer {
  const isVerbatim = ansi === 'keep' && !isTTY;
  const entries = isVerbatim ? verbatim : (batch: readonly LogItem[]) => cleaned(batch, { isTTY, ansi });
  return { head: '', entries, isVerbatim, gap: () => '', notice: () => '' };
}

function verbatim(batch: readonly LogItem[]): string | Uint8Array {
  let text = '';
  const parts: Uint8Array[] = [];
  for (const { entry } of batch) {
    if (entry.bytes === undefined) {
      text += `${entry.raw}\n`;
      continue;
    }
    parts.push(Buffer.from(text), entry.bytes);
    text = '\n';
  }
  return parts.length === 0 ? text : Buffer.concat([...parts, Buffer.from(text)]);
}

function cleaned(batch: readonly LogItem[], { isTTY, ansi }: RawOptions): string | Uint8Array {
  // Someone who asks for the bytes on a terminal gets them.
  if (ansi === 'keep') return verbatim(batch);
  let text = '';
  for (const { entry } of batch) {
    text += `${sanitize(entry.raw, ansi)}${isTTY ? cutMark(entry.truncated) : ''}\n`;
  }
  return text;
}
