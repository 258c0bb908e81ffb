/** Every field of a send request against everything that has ever got through such a field somewhere. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fullEmail } from '../../../test/support/full-email.ts';
import { ask, type HttpOffice, httpOffice } from '../../../test/support/http-office.ts';

type Json = Record<string, unknown>;

const good: Json = fullEmail;

/** Where a text stands, as a JSON pointer and as a way to put another one there. */
const textFields: Readonly<Record<string, (value: unknown) => Json>> = {
  '/from': (value) => ({ ...good, from: value }),
  '/to/0': (value) => ({ ...good, to: [value] }),
  '/to': (value) => ({ ...good, to: value }),
  '/cc/0': (value) => ({ ...good, cc: [value] }),
  '/bcc/0': (value) => ({ ...good, bcc: [value] }),
  '/reply_to/0': (value) => ({ ...good, reply_to: [value] }),
  '/subject': (value) => ({ ...good, subject: value }),
  '/headers/X-Order': (value) => ({ ...good, headers: { 'X-Order': value } }),
  '/attachments/0/filename': (value) => withAttachment({ filename: value }),
  '/attachments/0/content': (value) => withAttachment({ content: value }),
  '/attachments/0/content_type': (value) => withAttachment({ content_type: value }),
  '/attachments/0/content_id': (value) => withAttachment({ content_id: value }),
  '/attachments/0/disposition': (value) => withAttachment({ disposition: value }),
  '/tags/0': (value) => ({ ...good, tags: [value] }),
  '/metadata/order': (value) => ({ ...good, metadata: { order: value } }),
};

function withAttachment(more: Json): Json {
  return { ...good, attachments: [{ ...(good.attachments as Json[])[0], ...more }] };
}

/** A value that is right for the field, with `evil` in the middle of it. */
function poisoned(pointer: string, evil: string): string {
  if (/^\/(from|to|cc|bcc|reply_to)/.test(pointer)) return `Ann${evil}Example <ann@example.com>`;
  if (pointer.endsWith('content_type')) return `text/${evil}plain`;
  if (pointer.endsWith('/content')) return `aG${evil}k=`;
  return `some${evil}thing`;
}

const evils: Readonly<Record<string, string>> = {
  CR: '\r',
  LF: '\n',
  'CRLF and a field': '\r\nBcc: victim@example.net\r\n',
  'CRLF and a body': '\r\n\r\nmore',
  NUL: '\0',
  TAB: '\t',
  ESC: '\x1b[2J',
  DEL: '\x7f',
  NEL: '\x85',
  'U+2028': '\u2028',
  'U+2029': '\u2029',
  'lone high surrogate': '\ud800',
  'lone low surrogate': '\udc00',
};

async function refused(office: HttpOffice, key: string, json: Json, pointer: string, what: string): Promise<void> {
  const { status, body } = await ask(office, 'POST /v1/emails', { key, json });
  assert.equal(status, 422, `${pointer} with ${what}: ${JSON.stringify(body)}`);
  assert.equal(body.code, 'validation_failed');
  const pointers: string[] = body.errors.map((error: { pointer: string }) => error.pointer);
  assert.ok(pointers.includes(pointer), `${pointer} with ${what}: errors point to ${pointers}`);
}

test('control characters, line ends of Unicode and half characters are refused in every field, by name', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  for (const [pointer, put] of Object.entries(textFields)) {
    for (const [what, evil] of Object.entries(evils)) {
      await refused(office, key, put(poisoned(pointer, evil)), pointer, what);
    }
  }
  assert.deepEqual(office.received, []);
});

test('wrong types and endless values are refused in every field, by name', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const wrong = [5, true, null, {}, { length: 1 }, ['a', ['b']]];
  for (const [pointer, put] of Object.entries(textFields)) {
    for (const value of wrong) {
      const inside = pointer === '/to' && Array.isArray(value) ? '/to/1' : pointer;
      await refused(office, key, put(value), inside, JSON.stringify(value));
    }
    if (pointer.endsWith('/content')) continue;
    await refused(office, key, put(poisoned(pointer, 'x'.repeat(100_000))), pointer, '100,000 letters');
    // One grapheme cluster to those who count clusters.
    await refused(office, key, put(poisoned(pointer, `e${'\u0301'.repeat(100_000)}`)), pointer, '100,000 accents');
  }
});

test('texts may hold line ends of every kind, and nothing of them becomes a header', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  for (const member of ['text', 'html']) {
    await refused(office, key, { ...good, [member]: 'a\0b' }, `/${member}`, 'NUL');
    await refused(office, key, { ...good, [member]: 'a\ud800b' }, `/${member}`, 'half a character');
    await refused(office, key, { ...good, [member]: 7 }, `/${member}`, 'a number');
    const json = { ...good, [member]: 'a\r\nBcc: victim@example.net\r\n\r\n.\r\nb\rc\nd\u2028e\x1b' };
    const { status } = await ask(office, 'POST /v1/emails?wait=settled', { key, json });
    assert.equal(status, 202);
  }
  for (const message of office.received) {
    const [header = ''] = message.split('\r\n\r\n');
    assert.ok(!/^bcc/im.test(header));
    assert.ok(!/[^\r]\n|\r[^\n]|\0/.test(message));
  }
});

test('reserved header fields, and names that are none', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const reserved = [
    ...['Received', 'DKIM-Signature', 'Return-Path', 'Authentication-Results', 'ARC-Seal', 'Bcc', 'bcc', 'FROM', 'To'],
    ...['Cc', 'Subject', 'Date', 'Message-ID', 'Sender', 'Reply-To', 'MIME-Version', 'Content-Type', 'Resent-From'],
    ...['Posthorn-Idempotency-Key', 'Delivered-To', 'Content-Transfer-Encoding'],
  ];
  for (const name of reserved) {
    await refused(office, key, { ...good, headers: { [name]: 'x' } }, `/headers/${name}`, 'reserved');
  }
  for (const name of ['', ' ', 'a b', 'a:b', 'a\r\nBcc', 'a\0', 'ü', 'a\u2028', 'x'.repeat(77)]) {
    await refused(office, key, { ...good, headers: { [name]: 'x' } }, `/headers/${name}`, 'a bad name');
  }
});

test('unknown members are refused wherever they stand, with the one that was meant', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  await refused(office, key, { ...good, subjct: 'x' }, '/subjct', 'a typo');
  await refused(office, key, { ...good, constructor: {} }, '/constructor', 'a name of Object');
  await refused(office, key, { ...good, 'a/b~c': {} }, '/a~1b~0c', 'a name to escape');
  await refused(office, key, withAttachment({ path: '/etc/passwd' }), '/attachments/0/path', 'a file to read');
  await refused(office, key, { ...good, metadata: { 'a b': 'x' } }, '/metadata/a b', 'a bad name');
  const { body } = await ask(office, 'POST /v1/emails', { key, json: { ...good, subjct: 'x' } });
  assert.match(body.errors[0].detail, /did you mean subject\?/);
});

test('__proto__, constructor and toString are harmless as names', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const asJson = { 'content-type': 'application/json' };
  for (const place of ['"headers":', '"metadata":', '"attachments":[', '']) {
    const close = place.endsWith('[') ? ']' : '';
    const body = `{"from":"ann@example.com","to":"bob@example.net","subject":"x",${place === '' ? '' : place}${
      place === '' ? '"__proto__":{"polluted":"yes"}' : `{"__proto__":"polluted"}${close}`
    }}`;
    const { status, text } = await ask(office, 'POST /v1/emails', { key, body, headers: asJson });
    assert.equal(status, 400, text);
    assert.match(text, /__proto__/);
  }
  const json = {
    ...good,
    headers: { constructor: 'c', 'to-String': 's', hasOwnProperty: 'h' },
    metadata: { constructor: 'c', toString: 's' },
  };
  const { status, body } = await ask(office, 'POST /v1/emails?wait=settled', { key, json });
  assert.equal(status, 202);
  assert.deepEqual(body.metadata, { constructor: 'c', toString: 's' });
  assert.match(office.received[0] ?? '', /^hasOwnProperty: h\r$/m);
  assert.equal(({} as { polluted?: string }).polluted, undefined);
});

test('what is accepted leaves as one well-formed message, whatever the texts were', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  const anyText = fc.string({ unit: 'grapheme', maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(anyText, anyText, anyText, anyText, async (name, subject, value, filename) => {
      office.received.length = 0;
      const json = {
        from: `"${name.replaceAll(/["\\]/g, '')}" <ann@example.com>`,
        to: 'bob@example.net',
        subject,
        text: value,
        headers: { 'X-Value': value },
        attachments: [{ filename: filename || 'a', content: 'aGk=' }],
      };
      const { status } = await ask(office, 'POST /v1/emails?wait=settled', { key, json });
      if (status !== 202) return assert.equal(status, 422);
      const [message = ''] = office.received;
      const header = message.slice(0, message.indexOf('\r\n\r\n'));
      const names = header.split(/\r\n(?![ \t])/).map((field) => field.split(':')[0]?.toLowerCase());
      for (const once of ['from', 'to', 'subject', 'x-value', 'content-type']) {
        assert.equal(names.filter((each) => each === once).length, 1, `${once} in ${header}`);
      }
      assert.ok(!names.includes('bcc'));
      assert.ok(/^[\t\r\n -~]*$/.test(message), 'octets that are not text');
      assert.ok(message.split('\r\n').every((text) => text.length <= 998 && !/[\r\n]/.test(text)));
    }),
    { numRuns: 25 },
  );
});
