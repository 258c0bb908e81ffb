/**
 * The HTTP API over an office of its own: whatever is asked by whomever, the answer is a success of the documented shape or a
 * problem that says what is wrong; never a fault of ours, never a second header in what is sent.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromLatin1, latin1 } from '../../../src/base/bytes.ts';
import { compileCheck } from '../../../src/entrances/http/check-value.ts';
import { Problem } from '../../../src/entrances/http/schemas/problem.ts';
import { indexMessage } from '../../../src/format/message/message-index.ts';
import { type HttpOffice, openHttpOffice } from '../../support/http-office.ts';
import type { FuzzTarget, OpenTarget, Outcome } from '../target.ts';

const send = (body: unknown, line = 'POST /v1/emails') =>
  `${line}\nAuthorization: all\nContent-Type: application/json\n\n${JSON.stringify(body)}`;
const mail = { from: 'Ann <hello@example.com>', to: ['bob@example.net'], subject: 'Hello', text: 'Hello\nBob' };

export const httpApi: FuzzTarget = {
  name: 'http-api',
  octetsMax: 32_768,
  msMax: 1_000,
  seeds: () => [
    send(mail),
    send({
      ...mail,
      to: 'Jörg <jörg@grüße.example>',
      cc: [],
      reply_to: 'r@example.com',
      html: '<p>x</p>',
      headers: { 'X-A': 'b' },
      tags: ['t'],
    }),
    send({
      ...mail,
      attachments: [{ filename: 'bill.pdf', content: 'SGVsbG8=', content_type: 'application/pdf', content_id: 'x' }],
      metadata: { a: 'b' },
    }),
    send({ name: 'k', mode: 'test', scopes: ['send'] }, 'POST /v1/keys'),
    send({ login: 'ann', domains: ['example.com'] }, 'POST /v1/users'),
    'POST /v1/emails/raw?from=hello@example.com&to=bob@example.net\nAuthorization: all\nContent-Type: message/rfc822\n\nFrom: hello@example.com\nSubject: x\n\nHello\n',
    'GET /v1/emails?limit=2&open=true\nAuthorization: all\n\n',
    'GET /v1/emails/em_00000000000000000000000000\nAuthorization: all\n\n',
    'GET /v1/events?after=x&limit=1\nAuthorization: all\n\n',
    'GET /v1/events/stream\nAuthorization: all\nLast-Event-ID: 1\n\n',
    'GET /v1/inbox?mailbox=x\nAuthorization: send\n\n',
    'GET /v1/domains/example.com\nAuthorization: send\n\n',
    'DELETE /v1/keys/key_00000000000000000000000000\nAuthorization: all\n\n',
    'POST /v1/emails\nAuthorization: none\nIdempotency-Key: a\nContent-Type: text/plain\n\n{}',
    'GET /openapi.json\n\n',
    'GET /problems/not_found\n\n',
    'OPTIONS /v1/../%2e%2e/etc\nHost: x\n\n',
  ],
  dictionary: [
    ...[
      '"from":',
      '"to":',
      '"subject":',
      '"text":',
      '"html":',
      '"headers":{"',
      '"attachments":[{',
      '"content":',
      '"tags":[',
      '"metadata":{',
      '"reply_to":',
    ],
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      '"',
      ':',
      '\\r\\n',
      '\\u0000',
      '\\u2028',
      '\\ud800',
      '\\n',
      '"__proto__":',
      'null',
      '1e400',
      '\\u00fc',
      '""',
      '"a":"b",',
    ],
    ...[
      'GET ',
      'POST ',
      'DELETE ',
      'HEAD ',
      'PUT ',
      '/v1/emails',
      '/v1/emails/raw',
      '/v1/events',
      '/v1/inbox',
      '/v1/keys',
      '/v1/users',
      '/v1/domains',
    ],
    ...[
      '?',
      '&',
      '=',
      '%',
      '%00',
      '%0d%0a',
      '/',
      '..',
      'limit=0',
      'cursor=x',
      'wait=accepted',
      'Authorization: all\n',
      'Authorization: send\n',
    ],
    ...[
      'Content-Type: application/json\n',
      'Content-Type: message/rfc822\n',
      'Idempotency-Key: k\n',
      'Content-Encoding: gzip\n',
      'Content-Length: 3\n',
    ],
    ...[
      'hello@example.com',
      'bob@example.net',
      'Bcc',
      'X-Test',
      'Received',
      '=?utf-8?q?a?=',
      'bob@example.net,',
      '\nFrom: eve@example.com\n',
    ],
  ],
  separators: ['\n', ',', ':', '"', '&', '/'],
  open: openOffice,
};

type Keys = Readonly<Record<string, string>>;

const checkProblem = compileCheck(Problem);

async function openOffice(): Promise<OpenTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-fuzz-'));
  const office = await openHttpOffice(folder, { limits: { wait_ms: 5, streams: 10 } });
  const keys = {
    all: await office.key(['send', 'read', 'admin']),
    send: await office.key(['send'], ['example.com']),
    none: 'ph_live_x',
  };
  return {
    run: (input) => run(input, office, keys),
    close: async () => {
      await office.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function run(input: Uint8Array, office: HttpOffice, keys: Keys): Promise<Outcome> {
  const request = requestOf(input, keys);
  if (request === undefined) return 'no request';
  const response = await office.app.fetch(request, { clientAddress: '192.0.2.99' });
  const text = await textOf(response);
  const type = response.headers.get('content-type') ?? '';
  const faults = office.signals.filter(({ name }) => name === 'http.request_failed');
  office.signals.length = 0;
  assert.deepEqual(faults, []);
  const { status } = response;
  assert.ok((status >= 200 && status < 300) || (status >= 400 && status < 500), `${status} ${text}`);
  assert.ok(status < 400 || type === 'application/problem+json', `${status} as ${type}`);
  assert.ok(text.length <= 1_000_000);
  assertSent(office.received);
  const problem = type.includes('json') && request.method !== 'HEAD' ? JSON.parse(text) : undefined;
  if (status >= 400 && problem !== undefined) assert.deepEqual(checkProblem(problem), []);
  return `${request.method} ${status} ${problem?.code} ${problem?.errors?.[0]?.pointer?.slice(0, 12)} ${problem?.errors?.[0]?.detail?.slice(0, 20)}`;
}

/** First line, headers, an empty line, the body; undefined when it cannot come over HTTP. */
function requestOf(input: Uint8Array, keys: Keys): Request | undefined {
  const text = latin1(input);
  const end = text.indexOf('\n\n');
  const [first = '', ...lines] = (end < 0 ? text : text.slice(0, end)).split('\n');
  const [method = '', target = ''] = first.split(' ');
  const body = end < 0 ? '' : text.slice(end + 2);
  try {
    const headers = new Headers();
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).trim();
      const value = line.slice(colon + 1).trim();
      headers.append(name, name.toLowerCase() === 'authorization' ? `Bearer ${keys[value] ?? value}` : value);
    }
    const url = `http://office.test${target.startsWith('/') ? target : `/${target}`}`;
    const hasBody = body !== '' && !['GET', 'HEAD'].includes(method.toUpperCase());
    return new Request(url, { method, headers, ...(hasBody && { body: Buffer.from(body, 'latin1') }) });
  } catch {
    return undefined; // what the platform refuses no server of ours gets to see
  }
}

/** A stream of events has no end: it is let go at once. */
async function textOf(response: Response): Promise<string> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response.text();
  await response.body?.cancel();
  return '';
}

/** What left the office since the last look: one From, and none of what must not be there. */
function assertSent(received: string[]): void {
  for (const text of received.splice(0)) {
    const index = indexMessage(fromLatin1(text));
    assert.deepEqual(
      index.problems.filter(({ code }) => code !== 'no-blank-line'),
      [],
    );
    const count = (name: string) => index.fields.filter((field) => field.name === name).length;
    assert.deepEqual(
      [count('from'), count('bcc'), count('date'), count('message-id')],
      [1, 0, 1, 1],
      text.slice(0, 2_000),
    );
  }
}
