/** JSON before it is parsed: what is let through has each name once, no deep nesting and no odd names, as `JSON.parse` sees it. */
import assert from 'node:assert/strict';
import { fromUtf8 } from '../../../src/base/bytes.ts';
import { refuseJsonShape } from '../../../src/entrances/http/json-shape.ts';
import { readJson } from '../../../src/entrances/http/read-body.ts';
import { isOneLine } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

export const jsonShape: FuzzTarget = {
  name: 'json-shape',
  seeds: () => [
    '{"a":1,"b":[true,null,"x\\"y"],"c":{"a":{}}}',
    '{"a":1,"\\u0061":2}',
    '{"__proto__":{"x":1}}',
    '{"\\u005f_proto__":1}',
    '[[[[[[]]]]]]',
    '"text"',
    '{"a" : {"a":1}, "b":[{"a":1},{"a":1}]}',
    '{"a":"b","c"}',
  ],
  dictionary: [
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    '\\"',
    '\\\\',
    '\\u0061',
    '"a":',
    '"__proto__":',
    '"constructor":',
    'null',
    '1',
    ' ',
    '\t',
    '\u2028',
    '\\ud800',
    '""',
    '"":1',
  ],
  separators: [',', ':', '"', '{'],
  open: () => ({ run }),
};

function run(input: Uint8Array): Outcome {
  const text = fromUtf8(input);
  const refusal = refuseJsonShape(text);
  assert.ok(refusal === undefined || isOneLine(refusal));
  const read = readJson(input);
  if (!read.ok) {
    assert.ok(isOneLine(read.problem.detail ?? ''));
    return refusal?.slice(0, 24) ?? 'no JSON';
  }
  assert.equal(refusal, undefined);
  const value = read.value;
  assert.ok(depthOf(value, 0) <= 64);
  // written again it has as many quotation marks: a name that stood twice would be gone
  assert.equal(membersIn(JSON.stringify(value)), membersIn(text), 'a member is lost');
  return `read ${typeof value} ${Array.isArray(value)} ${depthOf(value, 0)}`;
}

function depthOf(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return depth;
  return Math.max(
    depth + 1,
    ...Object.values(value)
      .slice(0, 2_000)
      .map((each) => depthOf(each, depth + 1)),
  );
}

/** Names of members: strings with a colon behind them. */
function membersIn(json: string): number {
  return json.match(/"(?:[^"\\]|\\.)*"\s*:?/gs)?.filter((one) => one.endsWith(':')).length ?? 0;
}
