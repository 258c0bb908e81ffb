/** BLK-02 tried: when a mail program may, and what it sends. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { fromUtf8, utf8 } from '../../../../base/bytes.ts';
import { accept, refuse } from '../../../../base/outcome.ts';
import type { AskWeb, WebAnswer } from '../../../../base/port/web.ts';
import { indexMessage } from '../../../../format/message/message-index.ts';
import type { SignatureFacts } from '../types.ts';
import { oneClickTarget, tryOneClick } from './try-one-click.ts';

const address = 'https://example.com/u/1';
const link = `List-Unsubscribe: <mailto:leave@example.com>, <${address}>`;
const offer = 'List-Unsubscribe-Post: List-Unsubscribe=One-Click';
const signed = (fieldNames: readonly string[], result = 'pass'): SignatureFacts => ({
  domain: 'example.com',
  selector: 's1',
  algorithm: 'rsa-sha256',
  aligned: 'yes',
  result,
  fieldNames,
});
const both = signed(['from', 'list-unsubscribe', 'list-unsubscribe-post']);
const facts = (fields: readonly string[], signatures: readonly SignatureFacts[] = [both]) => ({
  index: indexMessage(utf8(['From: ann@example.com', ...fields, '', 'Hello'].join('\r\n'))),
  signatures,
});

test('RFC 8058 §3.1, §4: only with both fields once, over https, under one signature that holds', () => {
  assert.equal(oneClickTarget(facts([link, offer])), address);
  const never: readonly (readonly [readonly string[], (readonly SignatureFacts[])?])[] = [
    [[link]],
    [[offer]],
    [[link, link, offer]],
    [[link, offer, offer]],
    [['List-Unsubscribe: <http://example.com/u/1>', offer]],
    [['List-Unsubscribe: <mailto:leave@example.com>', offer]],
    [[link, 'List-Unsubscribe-Post: Yes']],
    [[link, offer], []],
    [[link, offer], [signed(both.fieldNames, 'fail')]],
    [[link, offer], [signed(both.fieldNames, 'unknown')]],
    [[link, offer], [signed(['list-unsubscribe'])]],
    [
      [link, offer],
      [signed(['list-unsubscribe']), signed(['list-unsubscribe-post'])],
    ],
  ];
  for (const [fields, signatures] of never)
    assert.equal(typeof oneClickTarget(facts(fields, signatures)), 'object', fields.join(' + '));
});

test('RFC 8058 §3.2: a form by POST, twice, with nothing that tells who asks', async () => {
  const asked: (readonly [string, Parameters<AskWeb>[1]])[] = [];
  const answers: WebAnswer[] = [accept({ status: 200 }), accept({ status: 302, location: 'https://example.com/' })];
  const web: AskWeb = async (url, wish) => {
    asked.push([url, wish]);
    return answers[asked.length - 1] ?? accept({ status: 500 });
  };
  const { oneClick } = await tryOneClick(web, facts([link, offer]));
  assert.deepEqual(oneClick, { first: { status: 200 }, second: { status: 302 } });
  assert.equal(asked.length, 2);
  for (const [url, { method, headers, body, plain }] of asked) {
    assert.deepEqual([url, method, plain], [address, 'POST', undefined]);
    assert.deepEqual(Object.keys(headers ?? {}), ['content-type']);
    const form = new Response(body as Uint8Array<ArrayBuffer>, { headers: headers ?? {} });
    assert.deepEqual([...(await form.formData())], [['List-Unsubscribe', 'One-Click']]);
    assert.match(fromUtf8(body ?? new Uint8Array()), /^--posthorn-one-click\r\n/);
  }
});

test('an address that cannot be reached is asked once; a message that may not be tried is not', async () => {
  let asked = 0;
  const web: AskWeb = async () => {
    asked++;
    return refuse('too-slow', 'no whole answer within 10 s');
  };
  const { oneClick } = await tryOneClick(web, facts([link, offer]));
  assert.deepEqual([oneClick?.first, asked], [{ status: 0, say: 'no whole answer within 10 s' }, 1]);
  const refused = await tryOneClick(web, facts([link, offer], []));
  assert.match(refused.oneClickNotTried ?? '', /no DKIM signature/);
  assert.equal(asked, 1);
});
