// Archived logs behind signed URLs (wire: DigitalOcean 2.5). Knows no deployment: it keeps text.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { hostOf } from './digitalocean-answers.ts';
import type { Platform } from './digitalocean-options.ts';
import type { Fault, Faults } from './faults.ts';
import { type Asked, answerFaults, type Exchange, type Route } from './http.ts';

export interface Archives {
  readonly route: Route;
  /** URLs for these lines, oldest first; none when there are no lines. */
  handOut(asked: Asked, lines: readonly string[]): string[];
  /** Words the faults that are refusals. */
  play(asked: Asked, fault: Fault): void;
}

interface Kept {
  signature: string;
  text: string;
  until: number;
}

const keptArchives = 1000;

export function createArchives(platform: Platform): Archives {
  const { manner } = platform;
  const archives = new Map<string, Kept>();
  let count = 0;
  function keep(asked: Asked, text: string): string {
    count += 1;
    const signature = randomBytes(16).toString('hex');
    archives.set(String(count), { signature, text, until: manner.clock() + manner.archiveLifeMs });
    archives.delete(String(count - keptArchives));
    return `${platform.scheme}://${hostOf(asked)}/archive/${count}?sig=${signature}`;
  }
  return {
    handOut(asked, lines) {
      return chunks(lines, manner.archiveParts).map((part, at, parts) => {
        const open = !manner.archiveFinalNewline && at === parts.length - 1;
        return keep(asked, open ? part.join('\n') : part.map((line) => `${line}\n`).join(''));
      });
    },
    play(asked, fault) {
      if (fault.name === 'expired-url' || fault.name === 'unauthorized') return denied(asked);
      asked.send(fault.status ?? (fault.name === 'rate-limited' ? 429 : 500), xml('InternalError'), xmlType);
    },
    route: {
      name: 'archive',
      method: 'GET',
      path: '/archive/:number',
      faults: [...answerFaults, 'expired-url'],
      answer(exchange) {
        // A signed URL is a credential by itself; a second one is refused, as object stores do.
        if (exchange.headers.authorization !== undefined) {
          return exchange.send(400, xml('InvalidArgument'), xmlType);
        }
        const kept = archives.get(exchange.params.number ?? '');
        const signed = kept?.signature === exchange.query.get('sig');
        if (!kept || !signed || kept.until < manner.clock()) return denied(exchange);
        sendArchive(exchange, kept.text, manner.archiveForm);
      },
    },
  };
}

/** The archive forms that are standing faults. */
export function holdArchiveForm(platform: Platform, faults: Faults): void {
  const standing = { route: 'archive', times: Infinity };
  if (platform.manner.archiveForm === 'cut') faults.add({ name: 'cut-body', ...standing });
  if (platform.manner.archiveForm === 'denied') faults.add({ name: 'expired-url', ...standing });
}

function sendArchive(exchange: Exchange, text: string, form: Platform['manner']['archiveForm']): void {
  const zipped = form === 'gzip' || form === 'gzip-unlabelled';
  const labelled = form === 'gzip' || form === 'mislabelled';
  exchange.send(200, zipped ? gzipSync(text) : text, {
    'content-type': 'text/plain',
    ...(labelled ? { 'content-encoding': 'gzip' } : {}),
  });
}

function chunks(lines: readonly string[], parts: number): (readonly string[])[] {
  const size = Math.max(1, Math.ceil(lines.length / parts));
  const made: (readonly string[])[] = [];
  for (let at = 0; at < lines.length; at += size) made.push(lines.slice(at, at + size));
  return made;
}

function denied(asked: Asked): void {
  asked.send(403, xml('AccessDenied'), xmlType);
}

function xml(code: string): string {
  return `<Error><Code>${code}</Code></Error>`;
}

const xmlType = { 'content-type': 'application/xml' };
