// Writes whole answers to a socket and plays the faults that spoil a body. Knows no routes.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Fault } from './faults.ts';
import { bodyFaults, drip, type LineStream, openBody, resetConnection } from './live.ts';

export type HeaderFields = Record<string, string | string[]>;

export interface Answer {
  status: number;
  content: Buffer;
  fields: HeaderFields;
  fault?: Fault | undefined;
}

/** Content-Length is set unless the fields have a Transfer-Encoding. */
export async function sendBody(response: ServerResponse, answer: Answer): Promise<void> {
  const { fault, fields, status } = answer;
  const content = spoil(answer.content, fault);
  const chunked = Object.keys(fields).some((name) => name.toLowerCase() === 'transfer-encoding');
  const bodiless = status === 204 || status === 304;
  response.writeHead(
    status,
    chunked || bodiless ? fields : { ...fields, 'Content-Length': String(content.length) },
  );
  if (fault?.name === 'cut-body') {
    response.write(content.subarray(0, content.length >> 1), () => resetConnection(response.socket));
    return;
  }
  if (fault?.name === 'slow-body') await drip(response, content, fault);
  else if (!bodiless) response.write(content);
  response.end();
}

function spoil(content: Buffer, fault: Fault | undefined): Buffer {
  if (fault?.name === 'not-json') return Buffer.from('this is {no JSON');
  if (fault?.name === 'wrong-shape') return Buffer.from('{"unexpected":{"shape":true}}');
  return content;
}

/** A body that is written piece by piece. */
export function openAnswer(
  response: ServerResponse,
  start: Omit<Answer, 'content'>,
  head: 'at-once' | 'late' = 'at-once',
): LineStream {
  if (head === 'late') {
    response.statusCode = start.status;
    for (const [name, value] of Object.entries(start.fields)) response.setHeader(name, value);
  } else {
    response.writeHead(start.status, start.fields);
    response.flushHeaders();
  }
  return openBody(response, start.fault && bodyFaults.includes(start.fault.name) ? start.fault : undefined);
}

/** A plain answer in place of an upgrade. */
export function refuseUpgrade(wire: Duplex, answer: Answer): void {
  const fields: HeaderFields = {
    ...answer.fields,
    Connection: 'close',
    'Content-Length': String(answer.content.length),
  };
  const head = [`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`];
  for (const [name, value] of Object.entries(fields)) {
    // The length is given: chunks would contradict it.
    if (name.toLowerCase() !== 'transfer-encoding') head.push(`${name}: ${String(value)}`);
  }
  wire.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), answer.content]));
}

/** Undefined when it is longer than `limit` bytes. */
export async function readBody(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > limit) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}
