/** Sealing: whatever a stranger's message holds, the set that we add is read back as the newest one, and proves what it says. */
import assert from 'node:assert/strict';
import type { DomainName } from '../../../src/format/domain-name.ts';
import { fieldsNamed, indexMessage } from '../../../src/format/message/message-index.ts';
import { sealArc } from '../../../src/protocol/arc/seal-arc.ts';
import { verifyArc } from '../../../src/protocol/arc/verify-arc.ts';
import type { SigningKey } from '../../../src/protocol/dkim/sign-dkim.ts';
import { resolverFromZone } from '../../../src/protocol/dns/zone-resolver.ts';
import type { FuzzTarget, OpenTarget, Outcome } from '../target.ts';
import { arc } from './arc.ts';
import { clock, keyZone, sealedMessages, signedMessages, testKeys } from './signed-messages.ts';

export const arcSeal: FuzzTarget = {
  ...arc,
  name: 'arc-seal',
  seeds: () => [...sealedMessages(), ...signedMessages()],
  open: (): OpenTarget => {
    const resolver = resolverFromZone(keyZone());
    const { key: privateKey } = testKeys().ed25519;
    const key: SigningKey = {
      domain: 'example.com' as DomainName,
      selector: 'ed',
      algorithm: 'ed25519-sha256',
      privateKey,
    };
    return { run: (input) => run(input, { resolver, clock }, key) };
  },
};

async function run(input: Uint8Array, deps: Parameters<typeof verifyArc>[1], key: SigningKey): Promise<Outcome> {
  const before = await verifyArc(input, deps);
  const results = [{ method: 'arc', result: before.result, properties: [] }];
  const request = { arc: before, authservId: 'mx.example.com', results, key, nowSeconds: clock.nowMs() / 1000 };
  const fields = await sealArc(input, request);
  if (fields === undefined) return `not sealed, ${before.result}`;
  const sealed = Buffer.concat([fields, input]);
  const index = indexMessage(sealed);
  assert.ok(index.fields.length >= 3, 'three fields were added');
  assert.deepEqual(
    index.fields.slice(0, 3).map(({ name }) => name),
    ['arc-seal', 'arc-message-signature', 'arc-authentication-results'],
  );
  const after = await verifyArc(sealed, deps);
  if (before.result === 'fail') {
    assert.equal(after.result, 'fail');
    return 'sealed as failed';
  }
  assert.equal(after.result, 'pass', `${before.result}, then ${after.reason}`);
  assert.equal(after.chain.length, before.chain.length + 1);
  assert.equal(after.chain.at(-1)?.signature, 'pass');
  return `sealed ${before.result}, ${Math.min(fieldsNamed(index, 'from').length, 2)} From`;
}
