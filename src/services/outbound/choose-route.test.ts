import assert from 'node:assert/strict';
import test from 'node:test';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import { chooseRoute } from './choose-route.ts';

function name(text: string): DomainName {
  const parsed = parseDomainName(text);
  assert.ok(parsed);
  return parsed;
}
const rule = (pattern: string, port: number) => ({ pattern, host: '127.0.0.1', port });
const portFor = (domain: string, ...rules: ReturnType<typeof rule>[]) => chooseRoute(name(domain), rules)?.port;

test('without a fitting rule the MX decides', () => {
  assert.equal(portFor('example.org'), undefined);
  assert.equal(portFor('example.org', rule('example.net', 1), rule('*.example.org', 2)), undefined);
});

test('a star stands for everything below a name, on a label boundary', () => {
  assert.equal(portFor('a.sink.test', rule('*.sink.test', 1)), 1);
  assert.equal(portFor('a.b.sink.test', rule('*.sink.test', 1)), 1);
  assert.equal(portFor('asink.test', rule('*.sink.test', 1)), undefined);
});

test('the most telling rule wins, in whatever order they stand', () => {
  const rules = [rule('*', 1), rule('*.org', 2), rule('*.example.org', 3), rule('mail.example.org', 4)];
  for (const order of [rules, rules.toReversed()]) {
    assert.equal(portFor('mail.example.org', ...order), 4);
    assert.equal(portFor('other.example.org', ...order), 3);
    assert.equal(portFor('example.org', ...order), 2);
    assert.equal(portFor('example.net', ...order), 1);
  }
});

test('a rule for a name in another script fits its A-label', () => {
  assert.equal(portFor('xn--bcher-kva.example', rule('bücher.example', 1)), 1);
});
