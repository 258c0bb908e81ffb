/** SASL as a server hears it: credentials are bounded and hold nothing that could be a line, base64 has one spelling. */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import {
  answerSasl,
  decodeBase64,
  encodeBase64,
  type SaslStep,
  saslMechanismNamed,
  startSasl,
} from '../../../src/protocol/sasl/sasl-server.ts';
import { assertOneLine } from '../holds.ts';
import type { FuzzTarget, Outcome } from '../target.ts';

const plain = (actAs: string, login: string, password: string) =>
  `PLAIN ${encodeBase64(Buffer.from(`${actAs}\0${login}\0${password}`))}`;

export const sasl: FuzzTarget = {
  name: 'sasl',
  seeds: () => [
    plain('', 'ann@example.com', 'secret'),
    plain('bob', 'ann', 'pässword'),
    'PLAIN\nAGFubgBzZWNyZXQ=',
    'LOGIN\nYW5u\nc2VjcmV0',
    'login YW5u\nc2VjcmV0',
    'PLAIN =',
    'raw\0ann\0secret',
    'raw\0ann\0se\0cret',
    'LOGIN\n*',
  ],
  dictionary: [
    'PLAIN',
    'LOGIN',
    'raw',
    '\n',
    '\0',
    '=',
    '==',
    'AGFubgBzZWNyZXQ=',
    'YW5u',
    '+',
    '/',
    '-',
    '_',
    '*',
    'CRAM-MD5',
    'AA==',
    '\r',
  ],
  separators: ['\n', ' ', '\0', '='],
  open: () => ({ run }),
};

/** `MECHANISM [initial]`, then a line per response; `raw` and octets are a response that needs no base64. */
function run(input: Uint8Array): Outcome {
  assertBase64(latin1(input), input);
  if (latin1(input).startsWith('raw')) return judge(startSasl('PLAIN', input.subarray(3)));
  const [first = '', ...responses] = latin1(input).split('\n');
  const [name = '', initial] = first.split(' ');
  const mechanism = saslMechanismNamed(name);
  if (mechanism === undefined) return 'no mechanism';
  const decoded = initial === undefined ? undefined : decodeBase64(initial);
  if (initial !== undefined && decoded === undefined) return 'no base64';
  let step = startSasl(mechanism, decoded);
  for (const response of responses) {
    if (step.kind !== 'challenge') break;
    const octets = decodeBase64(response);
    if (octets === undefined) return `${mechanism} no base64`;
    step = answerSasl(step.next, octets);
  }
  return `${mechanism} ${judge(step)}`;
}

function judge(step: SaslStep): string {
  if (step.kind !== 'credentials') return step.kind;
  const { actAs, login, password } = step.credentials;
  assertOneLine(login, 'the login');
  assertOneLine(actAs, 'whom to act as');
  assert.ok(login.length >= 1 && login.length <= 255 && actAs.length <= 255);
  assert.ok(password.length >= 1 && password.length <= 1_024 && !password.includes('\0'));
  return `credentials ${actAs === ''}`;
}

function assertBase64(text: string, octets: Uint8Array): void {
  const decoded = decodeBase64(text);
  if (decoded !== undefined) assert.equal(encodeBase64(decoded), text);
  assert.equal(Buffer.compare(decodeBase64(encodeBase64(octets)) ?? new Uint8Array(1), octets), 0);
}
