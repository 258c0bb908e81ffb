/** Requests to DNS hosts over HTTPS: connections are kept for the next call, nothing is followed, answers are bounded in size. */
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { HostAnswer, HostExchange } from './call-host.ts';

/** The largest pages we ask for hold 1,000 records of at most 4 KB. */
const bodyOctetsMax = 8_388_608;
const headerOctetsMax = 65_536;

/** Plain HTTP is for tests; `createHostCaller` takes it for loopback only. */
export function createHttpsExchange(octetsMax = bodyOctetsMax): HostExchange {
  const tls = new TlsAgent({ keepAlive: true }); // sockets that nobody uses do not keep the process alive
  const plain = new PlainAgent({ keepAlive: true });
  return (url, { method, headers, body }, signal) =>
    new Promise((resolve, reject) => {
      const [send, agent] = url.protocol === 'https:' ? ([tlsRequest, tls] as const) : ([plainRequest, plain] as const);
      const octets = body === undefined ? undefined : Buffer.from(body, 'utf8');
      const options = {
        method,
        agent,
        signal,
        maxHeaderSize: headerOctetsMax,
        headers: {
          ...headers,
          'accept-encoding': 'identity',
          'user-agent': 'Posthorn',
          ...(octets ? { 'content-length': octets.length } : {}),
        },
      };
      // Neither answer nor error: `101 Switching Protocols`, after which Node only closes.
      const ended = () => reject(new Error('the connection ended without an answer'));
      const sent = send(url, options, (response) => {
        sent.off('close', ended);
        readAnswer(response, octetsMax).then(resolve, (error: unknown) => {
          reject(error);
          sent.destroy();
        });
      });
      sent.on('error', reject);
      sent.once('close', ended);
      sent.end(octets);
    });
}

async function readAnswer(response: IncomingMessage, octetsMax: number): Promise<HostAnswer> {
  const parts: Buffer[] = [];
  let octets = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    octets += part.length;
    if (octets > octetsMax) throw new Error(`an answer of more than ${octetsMax} octets`);
    parts.push(part);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(parts).toString('utf8') };
}
