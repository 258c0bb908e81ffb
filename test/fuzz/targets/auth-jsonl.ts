/** A line of `posthorn auth --jsonl`: a verdict of the promised shape or an error, for JSON of any kind and for any message in it. */
import assert from 'node:assert/strict';
import { fromLatin1, fromUtf8, latin1 } from '../../../src/base/bytes.ts';
import { createLineJudge, type LineAnswer, type LineJudge } from '../../../src/entrances/cli/judge-line.ts';
import { resolverFromZone } from '../../../src/protocol/dns/zone-resolver.ts';
import type { FuzzTarget, OpenTarget, Outcome } from '../target.ts';
import { clock, keyZone, plainMessage, signedMessages } from './signed-messages.ts';

const session = '192.0.2.1 mx.example.com ann@example.com';

export const authJsonl: FuzzTarget = {
  name: 'auth-jsonl',
  octetsMax: 32_768,
  seeds: () => [
    '{"id":1,"remote_address":"192.0.2.1","helo":"mx.example.com","mail_from":"ann@example.com"}',
    '{"id":"x","remote_address":"::1","helo":"","mail_from":"","message":"RnJvbTogYUBiLmV4YW1wbGUNCg0K","clock":"2026-11-22T06:00:00Z","receiver":"r"}',
    '{"remote_address":"192.0.2.1","helo":"a","mail_from":"b","zone":"b. TXT \\"v=spf1 -all\\""}',
    `!${session}\n${plainMessage}`,
    ...signedMessages().map((message) => `!${session}\n${latin1(message)}`),
    `!${session}\nAuthentication-Results: x; spf=pass\r\nFrom: a@b.example, c@b.example\r\n\r\n`,
    '[]',
    '{"id":{"a":[1]},"remote_address":1}',
  ],
  dictionary: [
    ...[
      '"id":',
      '"remote_address":',
      '"helo":',
      '"mail_from":',
      '"message":',
      '"zone":',
      '"clock":',
      '"receiver":',
      '"__proto__":{"zone":"x"}',
      'null',
    ],
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '\\u0000',
      '\\ud800',
      'true',
      '1e999',
      '-0',
      '!',
      '\n',
      '\r\n',
      'From: ',
      'DKIM-Signature: ',
      'ARC-Seal: ',
    ],
    ...[
      '"192.0.2.1"',
      '"2001:db8::1"',
      '"ann@example.com"',
      '"2026-11-22"',
      'RnJvbTo=',
      'From: ann@example.com\r\n',
      '\r\n\r\n',
      'b=',
      'h=from;',
    ],
  ],
  separators: ['\n', ',', ':', '"', '\r\n'],
  open: (): OpenTarget => {
    const resolver = resolverFromZone(keyZone());
    const judge = createLineJudge(async () => resolver, clock);
    return { run: (input) => run(input, judge) };
  },
};

/** A line as it is; or, behind `!`, a session and a message that are put into one. */
async function run(input: Uint8Array, judge: LineJudge): Promise<Outcome> {
  const answer = await judge(latin1(input.subarray(0, 1)) === '!' ? lineOf(input.subarray(1)) : input);
  const text = JSON.stringify(answer);
  assert.ok(!text.includes('\n') && text.isWellFormed());
  // the traces quote records of the zone; a line brings its own or is judged by ours
  assert.ok(text.length <= 50_000 + 20 * input.length, `${input.length} octets became ${text.length}`);
  return outcomeOf(answer);
}

function lineOf(input: Uint8Array): Uint8Array {
  const end = input.indexOf(0x0a);
  const [remote_address = '', helo = '', ...sender] = fromUtf8(input.subarray(0, Math.max(end, 0))).split(' ');
  const message = Buffer.from(input.subarray(end + 1)).toString('base64');
  return fromLatin1(
    JSON.stringify({ remote_address, helo, mail_from: sender.join(' '), message }).replaceAll(
      /[\u0080-\uffff]/g,
      escaped,
    ),
  );
}

function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function outcomeOf(answer: LineAnswer): string {
  if ('error' in answer) {
    assert.ok(typeof answer.error === 'string' && answer.error.length < 1_000);
    return answer.error.slice(0, 30);
  }
  if (!('dmarc' in answer)) return `${answer.spf.result} ${answer.spf.reason}`;
  const { spf, dkim, dmarc, arc, header_from, authentication_results } = answer;
  assert.match(authentication_results, /^(?:[\x20-\x7e]|\r\n )+$/);
  assert.equal(header_from === null, dmarc.domain === null);
  assert.ok(dmarc.domain !== null || dmarc.applied === 'reject');
  assert.ok(dmarc.result !== 'pass' || spf.result === 'pass' || dkim.some(({ result }) => result === 'pass'));
  return [
    spf.result,
    dkim.slice(0, 2).map(({ result }) => result),
    dmarc.result,
    dmarc.reason?.slice(0, 20),
    arc.result,
  ].join(' ');
}
