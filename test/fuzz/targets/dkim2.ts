/**
 * DKIM2: recipes as JSON, both fields as text, and whole messages of strangers. A verifier is fooled when a message passes whose chain, in all
 * that was signed, is not one of those that we signed; recipes are held against a slow reading of the same steps.
 */
import assert from 'node:assert/strict';
import { latin1, utf8 } from '../../../src/base/bytes.ts';
import { fieldsNamed, indexMessage } from '../../../src/format/message/message-index.ts';
import { dkim2Limits } from '../../../src/protocol/dkim2/limits.ts';
import { dkim2Problems } from '../../../src/protocol/dkim2/problems.ts';
import { readInstance } from '../../../src/protocol/dkim2/read-instance.ts';
import { readDkim2Signature } from '../../../src/protocol/dkim2/read-signature.ts';
import { type RecipeSteps, readRecipe } from '../../../src/protocol/dkim2/recipe.ts';
import type { Dkim2Result } from '../../../src/protocol/dkim2/types.ts';
import { undoBody } from '../../../src/protocol/dkim2/undo-body.ts';
import { verifyDkim2 } from '../../../src/protocol/dkim2/verify-dkim2.ts';
import { resolverFromZone } from '../../../src/protocol/dns/zone-resolver.ts';
import { describe, referenceBodyHash, referenceHeaderHash, signHop } from '../../support/reference-dkim2.ts';
import { assertOneLine, assertSentence } from '../holds.ts';
import type { FuzzTarget, OpenTarget, Outcome } from '../target.ts';
import { clock, keyZone, plainMessage, testKeys } from './signed-messages.ts';

export const dkim2Recipe: FuzzTarget = {
  name: 'dkim2-recipe',
  octetsMax: 32_768,
  seeds: () => [
    '{"h":{"subject":[{"d":["A message"]}],"list-id":[]},"b":[{"c":[1,2]},{"d":["x",""]},{"c":[4,4]}]}',
    '{"b":null}',
    '{"h":{"comments":[{"c":[1,1]},{"d":["ü \\u00fc"]},{"c":[3,9]}]}}',
    '{"b":[]}',
    '{"h":null}',
    '{"h":{}}',
    '{"b":[{"c":[2,1]}]}',
    '{"b":[{"c":[1,1],"d":["x"]}]}',
    '{"b":[{"c":[1,1]}],"b":[]}',
    '{"x":{"y":[[[[]]]]},"b":[{"d":["a\\nb"]}]}',
  ],
  dictionary: [
    ...['{"c":[1,1]}', '{"d":["x"]}', '"h":', '"b":', 'null', '[', ']', '{', '}', ',', ':', '"', '\\u000d', '\\ud800'],
    ...['"__proto__":', '"H":', '"subject":[]', '1e3', '-1', '0', '1.5', '{"z":true}', '\ufeff', '\0', ' '],
  ],
  separators: [',', ':', '{', '['],
  open: () => ({ run: runRecipe }),
};

export const dkim2Fields: FuzzTarget = {
  name: 'dkim2-fields',
  octetsMax: 32_768,
  seeds: () => {
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const hashes = `sha256:${'A'.repeat(43)}=:${'A'.repeat(43)}=`;
    const rest = 'm=1; t=1; d=example.com;';
    return [
      ` i=1; ${rest} mf=${base64('<a@example.com>')}; rt=${base64('<b@c.test>')},${base64('<Postmaster>')}; s=ed:ed25519-sha256:YWJj`,
      ` I=1; ${rest} nd=c.test; n=a=b; f=feedback,\r\n x; s=a.b:rsa-sha256:YW\r\n Jj,c:rot13:YQ==;`,
      ` i=2; ${rest} mf=${base64('<>')}; rt=${base64('<b@[192.0.2.1]>')}; s=ed:x:YQ==`,
      ` i=1; ${rest} mf=${base64('a@example.com')}; rt=YQ==; s=ed:ed25519-sha256:YQ==`,
      ` m=1; h=${hashes}`,
      ` m=2; h=md5:YQ==:YQ==,\r\n ${hashes}; r=${base64('{"b":[{"c":[1,1]}]}')};`,
      ` m=50; h=${hashes}; r=${base64('{"h":{"to":[]}}')}`,
    ];
  },
  dictionary: [
    ...[
      'i=1;',
      'm=1;',
      't=1;',
      'd=example.com;',
      's=ed:ed25519-sha256:YQ==;',
      'mf=PD4=;',
      'rt=PGFAYi5jPg==;',
      'nd=a.b;',
    ],
    ...[
      'n=x;',
      'f=exploded;',
      'h=sha256:',
      'r=e30=;',
      'YQ==',
      ',',
      ':',
      ';',
      '=',
      '\r\n ',
      '\r\n',
      ' ',
      '\t',
      '\0',
      'ü',
    ],
  ],
  separators: [';', ',', ':', '='],
  open: () => ({ run: runFields }),
};

const listed = 'list.test';

/** A message sent to a list, which changes it and passes it on; and what can go wrong with its chain. */
function chains(): readonly string[] {
  const { ed25519, rsa } = testKeys();
  const from = { key: ed25519.key, from: 'ann@example.com', to: [`all@${listed}`] };
  const via = { key: ed25519.key, from: `bounce@${listed}`, to: ['bob@example.net'] };
  const sent = signHop(describe(plainMessage, 1), from);
  const changed = sent.replace('Subject: A', 'List-Id: x\r\nSubject: [l] A').concat('-- \r\nfooter\r\n');
  const recipe = { h: { subject: [{ d: ['A message that folds'] }], 'list-id': [] }, b: [{ c: [1, 4] }] };
  const passedOn = signHop(describe(changed, 2, recipe), via);
  const step = { key: ed25519.key, tags: { mf: undefined, rt: undefined, d: listed, nd: 'example.com' } };
  return [
    sent,
    passedOn,
    signHop(passedOn, { ...from, from: 'bob@example.net', tags: { d: 'example.com' } }),
    signHop(signHop(sent, step), from),
    signHop(describe(`${sent}more\r\n`, 2, { b: null }), via),
    signHop(describe(plainMessage, 1), { ...from, key: rsa.key, selector: 'sel', algorithm: 'rsa-sha256' }),
    signHop(describe(plainMessage, 1), {
      ...from,
      tags: { f: 'donotmodify', n: 'x', s: 'ed:ed25519-sha256:SIG,x:y:YQ==' },
    }),
    signHop(describe(plainMessage, 1), { ...from, selector: 'broken' }),
    plainMessage,
  ];
}

export const dkim2Verify: FuzzTarget = {
  name: 'dkim2-verify',
  octetsMax: 32_768,
  seeds: () => chains().map((text) => Buffer.from(text, 'latin1')),
  dictionary: [
    ...[
      'DKIM2-Signature: ',
      'Message-Instance: ',
      'i=2;',
      'm=2;',
      'm=1;',
      'f=exploded;',
      'nd=list.test;',
      'r=eyJiIjpudWxsfQ==;',
    ],
    ...[
      'From: eve@example.net\r\n',
      'Subject: x\r\n',
      'X-Any: x\r\n',
      '\r\n\r\n',
      '\r\n ',
      '\r\n',
      ' ',
      ';',
      '=',
      ',',
      ':',
    ],
  ],
  separators: ['\r\n', ';', ' ', ':'],
  open: (): OpenTarget => {
    const deps = { resolver: resolverFromZone(keyZone() + keyZone().replaceAll('example.com.', `${listed}.`)), clock };
    const genuine = new Set(chains().map(formOf));
    return { run: async (input) => judge(input, await verifyDkim2(input, {}, deps), genuine) };
  },
};

function runRecipe(input: Uint8Array): Outcome {
  const recipe = readRecipe(input);
  if (typeof recipe === 'string') {
    assertSentence(recipe, 60);
    return recipe;
  }
  const { header, body } = recipe;
  for (const [name, steps] of header) {
    assert.match(name, /^[!-9;-@[-~]+$/);
    assertSteps(steps);
  }
  if (body === undefined || body === 'lost') return `${header.size > 0} ${body}`;
  assertSteps(body);
  assert.ok(body.length <= dkim2Limits.recipeStepsMax);
  const text = 'one\r\ntwo\r\n\r\nfour\nstill\r\nlast';
  const undone = undoBody(utf8(text), body);
  assert.equal(undone && latin1(undone), undoSlowly(text, body));
  return `${header.size > 0} ${Math.min(body.length, 3)} ${undone === undefined}`;
}

function assertSteps(steps: RecipeSteps): void {
  let last = 0;
  for (const step of steps) {
    if (step.kind === 'texts') {
      for (const text of step.texts) assert.ok(!/[\r\n]/.test(text) && text.isWellFormed());
    } else {
      assert.ok(step.first > last && step.last >= step.first);
      last = step.last;
    }
  }
}

function undoSlowly(text: string, steps: RecipeSteps): string | undefined {
  const lines = text.split('\r\n');
  if (steps.some((step) => step.kind === 'copy' && step.last > lines.length)) return undefined;
  const out = steps.flatMap((step) => (step.kind === 'texts' ? step.texts : lines.slice(step.first - 1, step.last)));
  return latin1(utf8(out.map((line) => `${line}\r\n`).join('')));
}

function runFields(input: Uint8Array): Outcome {
  const readings = ['DKIM2-Signature:', 'Message-Instance:'].map((name) => {
    const index = indexMessage(Buffer.concat([Buffer.from(name), input, Buffer.from('\r\n\r\n')]));
    const [field] = fieldsNamed(index, name.slice(0, -1));
    if (field === undefined) return 'no field';
    const read = name.startsWith('D') ? readDkim2Signature(index, field) : readInstance(index, field);
    if (!read.ok) {
      assert.ok(Object.hasOwn(dkim2Problems, read.problem.code));
      assertSentence(read.problem.say);
      return read.problem.code;
    }
    if ('recipe' in read.value)
      return `instance ${read.value.hashes !== undefined} ${read.value.recipe.header.size > 0}`;
    const { emptied, sets, route, sequence } = read.value;
    assert.ok(sequence >= 1 && sequence <= dkim2Limits.signaturesMax);
    assert.equal(emptied.length, sets.length);
    for (const [at, { start, end }] of emptied.entries()) {
      const base64 = latin1(index.bytes.subarray(start, end)).replace(/[\t\r\n ]/g, '');
      assert.equal(base64, Buffer.from(sets[at]?.signature ?? []).toString('base64'));
    }
    return `signature ${route.kind} ${sets.map(({ algorithm }) => algorithm).join()}`;
  });
  return readings.join(' ');
}

/** The message as it is hashed. */
function formOf(text: string): string {
  return `${referenceHeaderHash(text).toString('hex')} ${referenceBodyHash(text).toString('hex')}`;
}

function judge(input: Uint8Array, one: Dkim2Result, genuine: ReadonlySet<string>): Outcome {
  if (one.reason !== undefined) assertSentence(one.reason);
  for (const { say } of one.problems) assertSentence(say);
  for (const note of one.notes) assertSentence(note);
  for (const { mailFrom = '', rcptTo = [] } of one.signatures)
    for (const text of [mailFrom, ...rcptTo]) assertOneLine(text, 'a path');
  assert.equal(one.result === 'pass' || one.result === 'none', one.problems.length === 0);
  if (one.result === 'pass') {
    assert.ok(
      one.signatures.length > 0 && one.signatures.every(({ sets }) => sets.some(({ result }) => result === 'pass')),
    );
    assert.ok(genuine.has(formOf(latin1(input))), 'a message passes that we did not sign');
  }
  return `${one.result} ${one.problems
    .slice(0, 3)
    .map(({ code }) => code)
    .join()} ${one.signatures.length}`;
}
