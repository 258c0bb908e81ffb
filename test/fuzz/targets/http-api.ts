/**
 * The HTTP API over an office of its own: whatever is asked by whomever, the answer is a success of the documented shape or a
 * problem that says what is wrong; never a fault of ours, never a second header in what is sent.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromLatin1, latin1 } from '../../../src/base/bytes.ts';
import { indexMessage } from '../../../src/format/message/message-index.ts';
import { ask, type HttpOffice, holdToSchema, openHttpOffice } from '../../support/http-office.ts';
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
    'GET /v1/emails/MESSAGE?x=1\nAuthorization: all\n\n',
    'HEAD /v1/emails/MESSAGE\nAuthorization: all\n\n',
    'GET /v1/emails/MESSAGE/events\nAuthorization: send\n\n',
    'GET /v1/emails/MESSAGE/timeline\nAuthorization: all\n\n',
    'GET /v1/emails/MESSAGE/raw\nAuthorization: all\n\n',
    'POST /v1/emails/MESSAGE/cancel?wait=settled&timeout=1ms\nAuthorization: all\n\n',
    'POST /v1/emails/MESSAGE/retry\nAuthorization: all\n\n',
    'GET /v1/emails?cursor=CURSOR&limit=1\nAuthorization: all\n\n',
    'GET /v1/events?limit=1\nAuthorization: all\n\n',
    'GET /v1/events?after=EVENT&type=email.accepted&limit=1\nAuthorization: all\n\n',
    'GET /v1/events?after=x&limit=1\nAuthorization: all\n\n',
    'GET /v1/keys\nAuthorization: all\n\n',
    'GET /v1/users\nAuthorization: all\n\n',
    'GET /v1/domains\nAuthorization: all\n\n',
    send({ name: 'example.org', receives: false }, 'POST /v1/domains'),
    send({ senders: [{ sender: 'own', parameters: { ip4: '192.0.2.10' } }] }, 'PUT /v1/domains/example.com/senders'),
    send({ dry_run: true }, 'POST /v1/domains/example.com/publish'),
    'GET /v1/domains/example.com/plan\nAuthorization: all\n\n',
    'POST /v1/domains/example.com/verify\nAuthorization: all\n\n',
    'POST /v1/domains/example.com/keys/rotate\nAuthorization: all\n\n',
    'GET /docs\n\n',
    'GET /readyz\n\n',
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

/** What stands for things of the office that inputs cannot know: keys by name, ids in the path. */
type Known = { readonly keys: Readonly<Record<string, string>>; readonly ids: Readonly<Record<string, string>> };

async function openOffice(): Promise<OpenTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-fuzz-'));
  const office = await openHttpOffice(folder, { limits: { wait_ms: 5, streams: 10 } });
  const keys = {
    all: await office.key(['send', 'read', 'admin']),
    send: await office.key(['send'], ['example.com']),
    none: 'ph_live_x',
  };
  const known = { keys, ids: await makeThings(office, keys.all) };
  return {
    run: (input) => run(input, office, known),
    close: async () => {
      await office.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A message that is delayed and one that is delivered; the first of them, an event, and a page's end. */
async function makeThings(office: HttpOffice, key: string): Promise<Known['ids']> {
  const sent = await ask(office, 'POST /v1/emails', { key, json: { ...mail, to: ['later@example.net'] } });
  await ask(office, 'POST /v1/emails?wait=settled', { key, json: mail });
  const events = await ask(office, 'GET /v1/events', { key });
  const page = await ask(office, 'GET /v1/emails?limit=1', { key });
  return { MESSAGE: sent.body.id, EVENT: events.body.data[0].id, CURSOR: page.body.next_cursor };
}

async function run(input: Uint8Array, office: HttpOffice, known: Known): Promise<Outcome> {
  const request = requestOf(input, known);
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
  const { pathname } = new URL(request.url);
  const body = type.includes('json') && text !== '' ? JSON.parse(text) : undefined;
  if (request.method !== 'HEAD') holdToSchema(request.method, pathname, { status, headers: response.headers, body });
  const [error] = body?.errors ?? [];
  return [
    request.method,
    status,
    body?.code ?? pathname.slice(0, 14),
    error?.pointer?.slice(0, 12),
    error?.detail?.slice(0, 20),
  ].join(' ');
}

/** First line, headers, an empty line, the body; undefined when it cannot come over HTTP. */
function requestOf(input: Uint8Array, { keys, ids }: Known): Request | undefined {
  const text = latin1(input);
  const end = text.indexOf('\n\n');
  const [first = '', ...lines] = (end < 0 ? text : text.slice(0, end)).split('\n');
  const [method = '', written = ''] = first.split(' ');
  const target = written.replaceAll(/MESSAGE|EVENT|CURSOR/g, (name) => ids[name] ?? name);
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
