// What a reader of messages may offer besides, for lines that are written from bytes to bytes. Knows no form of message.
import type { Level, LogBody, MessageReader } from './model.ts';
import type { Source, TextBytes } from './text-bytes.ts';

export interface ByteReader extends MessageReader {
  /**
   * Adds the fields of a message as JSON and gives its level, told without making the fields; undefined, with anything
   * added, where it has to be asked as a reader. `body` is that of a line of the same place.
   */
  readonly addFields?: (
    source: Source,
    range: { readonly from: number; readonly to: number },
    body: LogBody,
    out: TextBytes,
  ) => Level | null | undefined;
}
