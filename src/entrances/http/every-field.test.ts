/**
 * Every field of every request, read off the schemas that the API is made of, against everything that has ever got through a field
 * somewhere. A field that comes to a schema is tried from then on; one without an example here makes the test fail.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TSchema } from 'typebox';
import { fullEmail } from '../../../test/support/full-email.ts';
import { ask, type Heard, httpOffice } from '../../../test/support/http-office.ts';
import { type OperationId, operation, operationIds } from './operations.ts';

type Json = Record<string, unknown>;
type Schema = TSchema & {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly 'x-rule'?: string;
};

/** A request in which every field has a value that is taken. */
const examples: Partial<Record<OperationId, Json>> = {
  sendEmail: fullEmail,
  checkEmail: fullEmail,
  setStream: { kind: 'bulk', min_score: 8, when_unscored: 'refuse' },
  createKey: { name: 'a program', mode: 'live', scopes: ['send'], domains: ['example.com'] },
  putSenders: {
    senders: [{ sender: 'own', parameters: { ip4: '192.0.2.10' }, per_week: 1_000 }],
    dmarc: { stage: 'quarantine', rua: ['dmarc@example.com'], pct: 10, loosen: true },
    bimi: { logo: 'https://example.com/logo.svg', evidence: 'https://example.com/logo.pem' },
    parked: false,
    inbound: 'posthorn',
    spf: ['flatten'],
    mta_sts: 'enforce',
    keys: [{ selector: 's2026', record: 'v=DKIM1; k=rsa; p=AAAA' }],
  },
  publishDomain: { dry_run: true, optional: true, partial: true },
  delegateDomain: { whole: false, mta_sts: 'enforce' },
  createDomain: { name: 'example.org', receives: true },
  createTest: { domain: 'example.com' },
  createUser: { login: 'grace', domains: ['example.com'], password: 'correct horse battery' },
};

type Field = { readonly pointer: string; readonly schema: Schema; readonly good: unknown };

/** What holds a value of its own, down to the entries of lists and maps. */
function fieldsOf(schema: Schema, good: unknown, pointer = ''): Field[] {
  const here: Field[] = pointer === '' ? [] : [{ pointer, schema, good }];
  if (schema.properties) {
    assert.ok(typeof good === 'object' && good !== null, `no example of ${pointer}`);
    const values = new Map(Object.entries(good));
    return [
      ...here,
      ...Object.entries(schema.properties).flatMap(([name, each]) => {
        assert.ok(values.has(name), `no example of ${pointer}/${name}`);
        return fieldsOf(each, values.get(name), `${pointer}/${name}`);
      }),
    ];
  }
  if (schema.items && Array.isArray(good)) return [...here, ...fieldsOf(schema.items, good[0], `${pointer}/0`)];
  if (schema.additionalProperties && typeof good === 'object' && good !== null) {
    const [[name, value] = ['', '']] = Object.entries(good);
    return [...here, ...fieldsOf(schema.additionalProperties, value, `${pointer}/${name}`)];
  }
  return here;
}

/** The same request with another value at one place. */
function put(good: Json, pointer: string, value: unknown): Json {
  const copy = structuredClone(good);
  const names = pointer.split('/').slice(1);
  const last = names.pop() ?? '';
  let at: Json = copy;
  for (const name of names) at = at[name] as Json;
  at[last] = value;
  return copy;
}

const evils: Readonly<Record<string, string>> = {
  ...{ CR: '\r', LF: '\n', 'CRLF and a field': '\r\nBcc: victim@example.net\r\n', 'CRLF and a body': '\r\n\r\n.\r\n' },
  ...{ NUL: '\0', BEL: '\x07', ESC: '\x1b[2J', DEL: '\x7f', NEL: '\x85', CSI: '\x9b31m' },
  ...{ 'U+2028': '\u2028', 'U+2029': '\u2029', 'half a character': '\ud800', 'the other half': '\udc00' },
};
/** In texts of several lines these are letters like others. */
const fineInTexts = [
  'CR',
  'LF',
  'CRLF and a field',
  'CRLF and a body',
  'BEL',
  'ESC',
  'DEL',
  'NEL',
  'CSI',
  'U+2028',
  'U+2029',
];

function poisoned(good: unknown, evil: string): string {
  const text = String(Array.isArray(good) ? good[0] : good);
  return `${text.slice(0, 3)}${evil}${text.slice(3)}`;
}

function wrongTypesOf(schema: Schema): unknown[] {
  const given = [schema.type ?? 'string'].flat();
  const types = given.includes('number') ? [...given, 'integer'] : given;
  const all: readonly (readonly [string, unknown])[] = [
    ...([
      ['integer', 5],
      ['number', -1.5],
      ['boolean', true],
      ['null', null],
    ] as const),
    ...([
      ['object', { length: 1 }],
      ['object', {}],
      ['array', [['b']]],
      ['string', 'a text'],
    ] as const),
  ];
  return all.filter(([type]) => !types.includes(type)).map(([, value]) => value);
}

function names(heard: Heard, pointer: string): boolean {
  const told: string[] = (heard.body.errors ?? []).map((error: { pointer?: string }) => error.pointer);
  return told.some((one) => one === pointer || one.startsWith(`${pointer}/`));
}

/** The requests that are wrong at one field, each with what is wrong. */
function wrongOnes({ schema, good, pointer }: Field): [what: string, value: unknown][] {
  const isText = schema['x-rule']?.startsWith('well-formed') === true;
  const isString = [schema.type ?? 'string'].flat().includes('string');
  const bad = Object.entries(evils).filter(([name]) => isString && !(isText && fineInTexts.includes(name)));
  const isLong = isString && !isText && schema['x-rule'] !== 'base64';
  return [
    ...bad.map(([name, evil]): [string, unknown] => [name, poisoned(good, evil)]),
    ...wrongTypesOf(schema).map((value): [string, unknown] => [JSON.stringify(value), value]),
    ...(isLong ? [['100,000 letters', poisoned(good, 'x'.repeat(100_000))] as [string, unknown]] : []),
    ...(isLong ? [['100,000 accents', poisoned(good, '\u0301'.repeat(100_000))] as [string, unknown]] : []),
    ...(schema.items ? [['10,000 entries', Array(10_000).fill(pointer)] as [string, unknown]] : []),
  ];
}

const withBody = operationIds.filter((id) => operation(id).body?.type === 'application/json');

for (const id of withBody) {
  const entry = operation(id);
  const path = `${entry.method} ${entry.path.replace('{name}', 'example.com')}`;
  const good = examples[id] ?? {};
  const fields = () => fieldsOf((entry.body as { schema: Schema }).schema, good);

  test(`${path}: what is wrong in a field is refused by its name, and does nothing`, async (t) => {
    const office = await httpOffice(t);
    const key = await office.key(['admin', 'send']);
    let tried = 0;
    for (const field of fields()) {
      for (const [what, value] of wrongOnes(field)) {
        const heard = await ask(office, path, { key, json: put(good, field.pointer, value) });
        assert.equal(heard.status, 422, `${field.pointer} with ${what}: ${heard.text}`);
        assert.ok(names(heard, field.pointer), `${field.pointer} with ${what}: ${heard.text}`);
        assert.doesNotMatch(heard.text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]/, `${field.pointer} with ${what}`);
        tried++;
      }
    }
    assert.ok(tried >= 7 * fields().length, `only ${tried} requests`);
    assert.deepEqual(office.received, []);
    assert.deepEqual((await ask(office, 'GET /v1/users', { key })).body.data, []);
    assert.equal((await ask(office, path, { key, json: good })).status, entry.answer.status, 'the example itself');
  });

  test(`${path}: __proto__, repeated names and 65 levels are refused at every place`, async (t) => {
    const office = await httpOffice(t);
    const key = await office.key(['admin', 'send']);
    const headers = { 'content-type': 'application/json' };
    const deep = `${'{"a":'.repeat(65)}1${'}'.repeat(65)}`;
    for (const { pointer } of fields()) {
      const text = JSON.stringify(put(good, pointer, 'HERE'));
      for (const evil of ['{"__proto__":{"polluted":"yes"}}', '{"a":1,"a":2}', deep, '['.repeat(65) + ']'.repeat(65)]) {
        const heard = await ask(office, path, { key, headers, body: text.replace('"HERE"', evil) });
        assert.equal(heard.status, 400, `${pointer}: ${heard.text}`);
        assert.equal(heard.body.code, 'json_malformed');
      }
    }
    assert.equal(({} as { polluted?: string }).polluted, undefined);
  });

  test(`${path}: words that decode to line ends become no header field`, async (t) => {
    const office = await httpOffice(t);
    const key = await office.key(['admin', 'send']);
    const words = '=?utf-8?q?x=0d=0aBcc:_victim=40example.net?= =?utf-8?b?DQpCY2M6IHg=?= %0d%0aBcc: x \\r\\nBcc: x';
    for (const { pointer, good: value, schema } of fields()) {
      if (schema.type !== 'string' && !Array.isArray(schema.type)) continue;
      const { status } = await ask(office, path, { key, json: put(good, pointer, poisoned(value, words)) });
      assert.ok(status === entry.answer.status || status === 422, `${pointer}: ${status}`);
    }
    for (const message of office.received) assert.doesNotMatch(message.split('\r\n\r\n')[0] ?? '', /^bcc/im);
  });
}

/** Half a character cannot be written in a URL. */
const inUrls = Object.entries(evils).filter(([, evil]) => evil.isWellFormed());
const wholeMessage = 'From: ann@example.com\r\nTo: bob@example.net\r\nSubject: x\r\n\r\nx\r\n';

test('parameters of every path and every query are refused by name, or name nothing', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['admin', 'send', 'read']);
  const sent = await ask(office, 'POST /v1/emails?wait=settled', { key, json: examples.sendEmail });
  assert.equal(sent.status, 202);
  office.received.length = 0;
  let tried = 0;
  for (const id of operationIds) {
    const { method, path, query, body } = operation(id);
    const raw = { body: wholeMessage, headers: { 'content-type': 'message/rfc822' } };
    const asking = { key, ...(body?.type === 'application/json' ? { json: examples[id] } : body ? raw : {}) };
    const plain = path.replace('{id}', sent.body.id).replace('{name}', 'example.com');
    for (const evil of inUrls.map(([, each]) => encodeURIComponent(each))) {
      if (plain !== path) {
        const heard = await ask(office, `${method} ${path.replace(/\{\w+\}/, `x${evil}x`)}`, asking);
        assert.equal(heard.status, 404, `${id}: ${heard.text}`);
        tried++;
      }
      for (const name of [...Object.keys(query?.properties ?? {}), `x${evil}`]) {
        if (name === 'from' || name === 'to') continue; // addresses: below, with the message they belong to
        const heard = await ask(office, `${method} ${plain}?${name}=1${evil}`, asking);
        assert.ok(heard.status === 422 || heard.status === 400, `${id} ${name}: ${heard.status} ${heard.text}`);
        const [error] = heard.body.errors;
        assert.equal(error.parameter, decodeURIComponent(name), `${id} ${name}: ${heard.text}`);
        tried++;
      }
    }
  }
  assert.ok(tried > 300, `only ${tried} requests`);
  assert.deepEqual(office.received, []);
});

test('the envelope of a whole message is made of addresses and nothing else', async (t) => {
  const office = await httpOffice(t);
  const key = await office.key(['send']);
  for (const [what, evil] of [...inUrls, ['angles', '><x@example.net'], ['an angle', '> SIZE=1']] as const) {
    for (const name of ['from', 'to']) {
      const address = encodeURIComponent(poisoned('ann@example.com', evil));
      const headers = { 'content-type': 'message/rfc822' };
      const heard = await ask(office, `POST /v1/emails/raw?${name}=${address}`, { key, body: wholeMessage, headers });
      assert.ok(heard.status === 422 || heard.status === 400, `${name} with ${what}: ${heard.status} ${heard.text}`);
      assert.equal(heard.body.errors[0].parameter.split('/')[0], name, heard.text);
    }
  }
  assert.deepEqual(office.received, []);
});
