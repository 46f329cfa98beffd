// One output stream with its troubles sorted: a full buffer, a reader that has gone, a disk that is full. Knows no text.
import type { Writable } from 'node:stream';
import { CliError } from '../errors.ts';

/** Streams whose reader has gone: whoever begins to watch one later is told at once. */
const LEFT = new WeakSet<Writable>();

export class WatchedOutput {
  /** Resolves when the reader has gone; never rejects. */
  readonly closed: Promise<void>;
  #stream: Writable;
  #isClosed = false;
  #failure: CliError | null = null;
  #waiting: (() => void)[] = [];
  #announceClosed: () => void = () => {};

  constructor(stream: Writable) {
    this.#stream = stream;
    this.closed = new Promise((resolve) => {
      this.#announceClosed = resolve;
    });
    stream.on('drain', () => this.#release());
    stream.on('close', () => this.#close());
    stream.on('error', (error) => this.#fail(error));
    if (LEFT.has(stream)) this.#close();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Why nothing can be written any more; null while something can, or when the reader has gone. */
  get failure(): CliError | null {
    // The stream calls back those who wait before it emits the error.
    if (this.#stream.errored) this.#fail(this.#stream.errored);
    return this.#failure;
  }

  /** Whether there is room for more. Does nothing once the stream is over. */
  write(text: string | Uint8Array): boolean {
    if (this.#isOver) return true;
    try {
      return this.#stream.write(text);
    } catch (error) {
      // Some synchronous streams of Node throw instead of emitting.
      this.#fail(error as NodeJS.ErrnoException);
      return true;
    }
  }

  /** Whether something has not left yet. */
  get isBusy(): boolean {
    return !this.#isOver && this.#stream.writableLength > 0;
  }

  /** Resolves on drain, or when no drain can come any more. */
  room(): Promise<void> {
    return this.#isOver ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when all has left, or when nothing can leave any more. */
  async flush(): Promise<void> {
    // A drain may release it early: then it waits on.
    while (!this.#isOver && this.#stream.writableLength > 0) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        this.#stream.write('', () => resolve());
      });
    }
  }

  get #isOver(): boolean {
    return this.#isClosed || this.failure !== null;
  }

  #close(): void {
    if (!this.#failure) {
      this.#isClosed = true;
      LEFT.add(this.#stream);
      this.#announceClosed();
    }
    this.#release();
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (isReaderGone(error)) this.#close();
    else {
      this.#failure ??= writeFailure(error);
      this.#release();
    }
  }

  #release(): void {
    const released = this.#waiting;
    this.#waiting = [];
    for (const resolve of released) resolve();
  }
}

const READER_GONE = ['EPIPE', 'ECONNRESET', 'EOF', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END'];

function isReaderGone(error: NodeJS.ErrnoException): boolean {
  return error.code !== undefined && READER_GONE.includes(error.code);
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file has become too large',
  EIO: 'the device reports an input/output error',
  EBADF: 'stdout is not open for writing',
};

function writeFailure(error: NodeJS.ErrnoException): CliError {
  const reason = REASONS[error.code ?? ''] ?? error.code ?? 'stdout failed';
  return new CliError('unavailable', `Cannot write the output: ${reason}.`, {
    cause: error,
    retryable: false,
  });
}
