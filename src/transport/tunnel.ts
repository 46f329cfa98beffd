// A tunnel through an HTTP proxy by CONNECT. Knows neither what goes through it nor when one is needed.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { placeOf } from './destination.ts';
import { connectFailure, proxyRefusal } from './failures.ts';

export interface Tunnelling {
  /** To the proxy. */
  readonly socket: Socket;
  readonly proxy: URL;
  readonly url: URL;
  readonly who: string;
  readonly signal: AbortSignal;
}

/** CONNECT, for plain http too: one way for every protocol, and no credential is readable to the proxy's log. */
export async function tunnel({ socket, proxy, url, who, signal }: Tunnelling): Promise<Socket> {
  const { request } = await import('node:http');
  const place = placeOf(url);
  return new Promise((resolve, reject) => {
    const asking = request({
      method: 'CONNECT',
      path: place,
      headers: {
        host: place,
        connection: 'keep-alive',
        'proxy-connection': 'keep-alive',
        ...proxyAuthorization(proxy),
      },
      createConnection: () => socket,
      signal,
    });
    asking.once('connect', (answer: IncomingMessage, tunnelled: Socket, head: Buffer) => {
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300 && head.length === 0) {
        resolve(tunnelled);
        return;
      }
      tunnelled.destroy();
      reject(
        proxyRefusal(
          { who, place },
          {
            proxy: placeOf(proxy),
            variable: url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY',
            status,
            authorized: proxy.username !== '' || proxy.password !== '',
            schemes: schemesOf(answer),
          },
        ),
      );
    });
    asking.once('error', (error) => {
      socket.destroy();
      reject(
        signal.aborted ? signal.reason : connectFailure({ who, place: `the proxy ${placeOf(proxy)}` }, error),
      );
    });
    asking.end();
  });
}

function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${unescaped(username)}:${unescaped(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Names alone: what stands behind them is the proxy's to fill. */
function schemesOf({ headers }: IncomingMessage): string[] {
  const challenges = [headers['proxy-authenticate'] ?? []].flat();
  return challenges.flatMap((challenge) => /^\s*([A-Za-z][\w-]{0,31})(?=\s|$)/.exec(challenge)?.[1] ?? []);
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
