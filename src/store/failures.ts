// Failures of files in sentences. Knows no content.
import { CliError } from '../errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of the path is no directory',
  EISDIR: 'it is a directory',
  EFBIG: 'the file would be too large',
};

/** Nothing that was stored before is lost by it. */
export function storeFailure(path: string, error: unknown): CliError {
  if (error instanceof CliError) return error;
  const code = codeOf(error);
  const reason = REASONS[code] ?? (code === '' ? 'unknown reason' : code);
  return new CliError('usage', `${path} cannot be written: ${reason}. Nothing was changed.`, {
    hint: 'POLYLOG_CONFIG_DIR names another directory; environment variables work without any.',
    detail: code,
    cause: error,
  });
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
