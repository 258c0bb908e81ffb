import assert from 'node:assert/strict';
import test from 'node:test';
import { latin1, utf8 } from '../../base/bytes.ts';
import { dkim2Limits } from './limits.ts';
import { readRecipe } from './recipe.ts';
import { undoBody } from './undo-body.ts';

const read = (json: unknown) => readRecipe(utf8(typeof json === 'string' ? json : JSON.stringify(json)));

/** What is wrong with it: a recipe itself may be too large to be shown by a failing test. */
const fault = (json: string) => {
  const recipe = read(json);
  return typeof recipe === 'string' ? recipe : 'nothing';
};

test('dkim2-spec-03 §5: steps for fields and for the body; what else there is means nothing', () => {
  assert.deepEqual(
    read({ x: { c: [] }, h: { Subject: [{ d: ['a', ''] }], to: [] }, b: [{ c: [1, 1] }, { c: [2, 9] }] }),
    {
      header: new Map([
        ['subject', [{ kind: 'texts', texts: ['a', ''] }]],
        ['to', []],
      ]),
      body: [
        { kind: 'copy', first: 1, last: 1 },
        { kind: 'copy', first: 2, last: 9 },
      ],
    },
  );
  assert.deepEqual(read({ b: null }), { header: new Map(), body: 'lost' });
  assert.deepEqual(read({ h: { __proto__x: [] } }), { header: new Map([['__proto__x', []]]), body: undefined });
});

const wrong: readonly (readonly [json: unknown, say: string])[] = [
  ['', 'it is no JSON in UTF-8'],
  ['{"b":[]', 'it is no JSON in UTF-8'],
  ['\ufeff{"b":[]}', 'it is no JSON in UTF-8'],
  ['[]', 'it is no object'],
  ['null', 'it is no object'],
  ['{}', 'it has neither h nor b'],
  ['{"b":[],"b":[]}', 'a name stands twice'],
  ['{"b":[],"\\u0062":[]}', 'a name stands twice'],
  ['{"b":[],"x":{"y":1,"y":1}}', 'a name stands twice'],
  ['{"h":{"to":[],"To":[]}}', 'a name stands twice'],
  ['{"h":null}', 'h is no object with names of fields'],
  ['{"h":{}}', 'h is no object with names of fields'],
  ['{"h":[]}', 'h is no object with names of fields'],
  ['{"h":{"a b":[]}}', 'h holds what is no name of a field'],
  ['{"h":{"":[]}}', 'h holds what is no name of a field'],
  ['{"h":{"a:":[]}}', 'h holds what is no name of a field'],
  ['{"h":{"to":null}}', 'a recipe is no list of steps'],
  ['{"b":{}}', 'a recipe is no list of steps'],
  ['{"b":[[]]}', 'a step has not exactly one key'],
  ['{"b":[{}]}', 'a step has not exactly one key'],
  ['{"b":[{"c":[1,1],"d":["x"]}]}', 'a step has not exactly one key'],
  ['{"b":[{"c":[1,1],"x":1}]}', 'a step has not exactly one key'],
  ['{"b":[{"z":true}]}', 'a step has not exactly one key'],
  ['{"b":[{"c":[2,1]}]}', 'a copy is not two numbers, the smaller one first'],
  ['{"b":[{"c":[0,1]}]}', 'a copy is not two numbers, the smaller one first'],
  ['{"b":[{"c":[1]}]}', 'a copy is not two numbers, the smaller one first'],
  ['{"b":[{"c":[1,1,1]}]}', 'a copy is not two numbers, the smaller one first'],
  ['{"b":[{"c":[1,1.5]}]}', 'a copy is not two numbers, the smaller one first'],
  ['{"b":[{"c":[1,1e300]}]}', 'a copy is not two numbers, the smaller one first'],
  ['{"b":[{"c":["1","2"]}]}', 'a copy is not two numbers, the smaller one first'],
  ['{"b":[{"c":[1,2]},{"c":[2,3]}]}', 'copies are not in ascending order'],
  ['{"b":[{"c":[4,5]},{"d":["x"]},{"c":[1,2]}]}', 'copies are not in ascending order'],
  ['{"b":[{"d":[]}]}', 'd is no list of lines'],
  ['{"b":[{"d":"x"}]}', 'd is no list of lines'],
  ['{"b":[{"d":[1]}]}', 'd is no list of lines'],
  ['{"b":[{"d":["a\\nb"]}]}', 'd is no list of lines'],
  ['{"b":[{"d":["a\\rb"]}]}', 'd is no list of lines'],
  ['{"b":[{"d":["\\ud800"]}]}', 'd is no list of lines'],
];

test('dkim2-spec-03 §5.1, dkim2-spec-03 §5.2: what the schema does not know', () => {
  for (const [json, say] of wrong) assert.equal(read(json), say, String(json));
  assert.equal(readRecipe(Buffer.from('{"b":[{"d":["\xff"]}]}', 'latin1')), 'it is no JSON in UTF-8');
});

test('recipes are bounded, and deep ones no problem', () => {
  const steps = (count: number) => ({ b: Array.from({ length: count }, (_, at) => ({ c: [at + 1, at + 1] })) });
  assert.equal(typeof read(steps(dkim2Limits.recipeStepsMax - 1)), 'object');
  const compact = `{"b":[${'{"c":[1,1]}'},${Array.from({ length: dkim2Limits.recipeStepsMax }, () => '{"d":["x"]}').join()}]}`;
  assert.equal(fault(compact), 'too many steps');
  assert.equal(fault(`{"b":null,"x":"${'a'.repeat(dkim2Limits.recipeOctetsMax)}"}`), 'too long');
  assert.equal(typeof read(`{"b":null,"x":${'['.repeat(50_000)}${']'.repeat(50_000)}}`), 'object');
});

test('dkim2-spec-03 §5.2: lines are counted from the top, and CRLF alone ends one', () => {
  const undo = (body: string, b: unknown) => {
    const recipe = read({ b });
    assert.ok(typeof recipe === 'object' && Array.isArray(recipe.body));
    const octets = undoBody(Buffer.from(body, 'latin1'), recipe.body);
    return octets && latin1(octets);
  };
  const body = 'one\r\n\r\nthree\nstill\rit\r\n\xff';
  assert.equal(undo(body, [{ c: [1, 4] }]), `${body}\r\n`);
  assert.equal(undo(body, [{ c: [2, 3] }]), '\r\nthree\nstill\rit\r\n');
  assert.equal(undo(body, [{ d: ['', 'x'] }, { c: [4, 4] }, { d: ['ü'] }]), '\r\nx\r\n\xff\r\n\xc3\xbc\r\n');
  assert.equal(undo(body, [{ c: [4, 5] }]), undefined);
  assert.equal(undo(body, [{ c: [5, 5] }]), undefined);
  assert.equal(undo('', [{ c: [1, 1] }]), undefined);
  assert.equal(undo(body, []), '');
});
