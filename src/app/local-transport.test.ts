import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { flowingTime } from '../../test/support/flowing-time.ts';
import {
  deliveriesOf,
  eventsOf,
  type PostOffice,
  patience,
  postOffice,
  storedMail,
  submitRaw,
} from '../../test/support/post-office.ts';
import { Bug, Fault } from '../base/outcome.ts';
import type { MessageId } from '../services/outbound/types.ts';

async function open(t: TestContext) {
  const timers = flowingTime(Date.UTC(2026, 0, 1));
  const office = await postOffice(t, { timers });
  const settled = (id: MessageId) => timers.flowUntil(office.outbound.settled(id, patience()));
  return { office, settled };
}

async function storedFor(office: PostOffice): Promise<string[]> {
  return (await storedMail(office)).map(({ mail }) => mail.recipient).sort();
}

const three = ['ada@example.com', 'postmaster@example.com', 'nobody@example.com'];

test('each recipient has its own answer; those who are known get the message together', async (t) => {
  const { office, settled } = await open(t);
  const id = await submitRaw(office, { to: three });
  await office.outbound.start();
  const view = await settled(id);
  assert.deepEqual(
    view?.recipients.map(({ state }) => state),
    ['delivered', 'delivered', 'bounced'],
  );
  assert.deepEqual(
    (await storedFor(office)).filter((recipient) => three.includes(recipient)),
    ['ada@example.com', 'postmaster@example.com'],
  );
  for (const { text, mail } of await storedMail(office))
    assert.equal(text.match(/^Delivered-To: .*/gm)?.join(), `Delivered-To: ${mail.recipient}`);
});

for (const error of [new Fault('ENOSPC', 'the disk is full'), new Bug('two fields of one name')]) {
  test(`a ${error.name} while it is stored: nothing is stored, nothing is in doubt, all of it is tried again`, async (t) => {
    const { office, settled } = await open(t);
    const append = office.mailbox.append.bind(office.mailbox);
    let calls = 0;
    t.mock.method(office.mailbox, 'append', (...told: Parameters<typeof append>) => {
      calls++;
      return calls === 2 ? Promise.reject(error) : append(...told);
    });
    const id = await submitRaw(office, { to: three.slice(0, 2) });
    await office.outbound.start();
    await settled(id);
    assert.deepEqual(await storedFor(office), three.slice(0, 2));
    for (const row of await deliveriesOf(office, id))
      assert.partialDeepStrictEqual(row, { state: 'delivered', unsure_ends: 0, tries: 2 });
    const kinds = (await eventsOf(office, id)).map(({ type }) => type);
    assert.equal(kinds.filter((kind) => kind === 'email.deferred').length, 2);
  });
}
