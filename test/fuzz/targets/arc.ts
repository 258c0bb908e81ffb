/** ARC: a chain of strangers is judged in bounds, and passes only where all that its newest set signed is as it was signed. */
import assert from 'node:assert/strict';
import { latin1 } from '../../../src/base/bytes.ts';
import {
  bodyBytes,
  fieldsNamed,
  indexMessage,
  type MessageIndex,
  rawField,
} from '../../../src/format/message/message-index.ts';
import { verifyArc } from '../../../src/protocol/arc/verify-arc.ts';
import { resolverFromZone } from '../../../src/protocol/dns/zone-resolver.ts';
import { referenceRelaxedBody, referenceRelaxedField } from '../../support/reference-dkim.ts';
import { assertSentence } from '../holds.ts';
import type { FuzzTarget, OpenTarget, Outcome } from '../target.ts';
import { clock, keyZone, sealedMessages } from './signed-messages.ts';

export const arc: FuzzTarget = {
  name: 'arc',
  octetsMax: 32_768,
  seeds: sealedMessages,
  dictionary: [
    ...[
      'ARC-Seal: ',
      'ARC-Message-Signature: ',
      'ARC-Authentication-Results: ',
      'i=1; ',
      'i=2; ',
      'i=3; ',
      'i=50; ',
      'i=51; ',
      'i=0; ',
      'cv=none; ',
    ],
    ...[
      'cv=pass; ',
      'cv=fail; ',
      'd=example.com; ',
      's=ed; ',
      'a=ed25519-sha256; ',
      'h=from; ',
      'h=arc-seal; ',
      'v=1; ',
      'b=',
      't=1; ',
      ';',
      '=',
      '\r\n',
    ],
    ...['\r\n ', '(c)', 'mx1.example', 'From: eve@example.net\r\n', '\r\n\r\n', ' '],
  ],
  separators: ['\r\n', ';', ' ', '='],
  open: (): OpenTarget => {
    const resolver = resolverFromZone(keyZone());
    const genuine = sealedMessages().map((message) => sealedParts(indexMessage(message)));
    return { run: (input) => run(input, { resolver, clock }, genuine) };
  },
};

async function run(
  input: Uint8Array,
  deps: Parameters<typeof verifyArc>[1],
  genuine: readonly (readonly string[])[],
): Promise<Outcome> {
  const { result, reason, oldestPass, chain } = await verifyArc(input, deps);
  if (reason !== undefined) assertSentence(reason);
  assert.ok(chain.length <= 50); // RFC 8617 §4.2.1
  assert.deepEqual(
    chain.map(({ instance }) => instance),
    Array.from(chain, (_, at) => at + 1),
  );
  assert.ok(oldestPass === undefined || (oldestPass >= 0 && oldestPass <= chain.length));
  assert.equal(result === 'fail', reason !== undefined);
  if (result !== 'pass') return `${result} ${reason?.replace(/\d+/g, '')}`;
  assert.ok(chain.length > 0 && chain.every(({ seal }) => seal === 'pass') && chain.at(-1)?.signature === 'pass');
  const parts = sealedParts(indexMessage(input));
  assert.ok(
    genuine.some((one) => one.join('\n') === parts.join('\n')),
    'a chain passes that we did not make',
  );
  return `pass ${chain.length} ${oldestPass}`;
}

/** What the sets sign and seal, as relaxed sees it. Their order is no part of it, nor is what the last seal's b= looks like. */
function sealedParts(index: MessageIndex): readonly string[] {
  const named = (name: string) =>
    fieldsNamed(index, name).map((field) => referenceRelaxedField(latin1(rawField(index, field)).replace(/\r\n$/, '')));
  const sets = ['arc-authentication-results', 'arc-message-signature'].flatMap((name) => named(name).sort());
  const seals = named('arc-seal').map((seal) => seal.replace(/([:;]\s*b\s*=)[^;]*/, '$1'));
  const fields = ['from', 'to', 'subject', 'date'].flatMap(named);
  return [...sets, ...seals.sort(), ...fields, referenceRelaxedBody(latin1(bodyBytes(index)))];
}
