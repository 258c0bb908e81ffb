import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { tempOffice } from '../../../test/support/temp-office.ts';
import { fromLatin1, latin1 } from '../../base/bytes.ts';
import { MailboxService } from './mailbox.ts';
import { mailboxMigrations } from './mailbox-migrations.ts';
import type { FolderName, StoredMail } from './types.ts';

async function open(t: TestContext) {
  const office = await tempOffice(t, { migrations: mailboxMigrations });
  const service = new MailboxService(office);
  const append = async (
    mailbox: string,
    folder: FolderName = 'INBOX',
    text = 'From: bob@b.test\r\n\r\nhi\r\n',
  ): Promise<StoredMail> => {
    const body = await service.spool(fromLatin1(text));
    const about = {
      mailbox,
      folder,
      receivedAtMs: 1,
      envelopeFrom: '',
      recipient: 'ada@example.com',
      headerFrom: null,
      subject: 'Grüße \u{1f4ef}',
      verdicts: { dmarc: 'pass' },
    };
    return office.db.write((tx) => service.append(tx, { ...about, body }));
  };
  return { ...office, service, append };
}

test('what was appended is found again, octet for octet', async (t) => {
  const { service, append } = await open(t);
  const text = 'From: bob@b.test\r\n\r\n\xff\0 bare\nLF\r\n';
  const stored = await append('mbx_1', 'INBOX', text);
  assert.deepEqual(await service.find(stored.id), stored);
  assert.equal(stored.sizeBytes, text.length);
  assert.equal(latin1((await service.raw(stored.id)) ?? fromLatin1('')), text);
  assert.equal(await service.find('msg_none'), undefined);
  assert.equal(await service.raw('msg_none'), undefined);
});

test('lists go newest first, by mailbox and folder, page by page', async (t) => {
  const { service, append } = await open(t);
  const one = await append('mbx_1');
  const two = await append('mbx_1', 'Junk');
  const three = await append('mbx_2');
  const four = await append('mbx_1');
  const ids = async (filter: Parameters<typeof service.list>[0]) => (await service.list(filter)).map(({ id }) => id);
  assert.deepEqual(await ids({ limit: 9 }), [four.id, three.id, two.id, one.id]);
  assert.deepEqual(await ids({ limit: 9, mailbox: 'mbx_1' }), [four.id, two.id, one.id]);
  assert.deepEqual(await ids({ limit: 9, mailbox: 'mbx_1', folder: 'INBOX' }), [four.id, one.id]);
  assert.deepEqual(await ids({ limit: 1, before: four.id }), [three.id]);
  assert.deepEqual(await ids({ limit: 9, mailbox: 'mbx_1', before: two.id }), [one.id]);
});

test('UIDs count per folder, and an append that is undone takes none', async (t) => {
  const { db, service, append } = await open(t);
  assert.deepEqual(
    (await Promise.all([append('mbx_1'), append('mbx_1'), append('mbx_1', 'Junk'), append('mbx_2')])).map(
      ({ uid }) => uid,
    ),
    [1, 2, 1, 1],
  );
  const body = await service.spool(fromLatin1('x'));
  const undone = db.write(async (tx) => {
    await service.append(tx, {
      mailbox: 'mbx_1',
      folder: 'INBOX',
      body,
      receivedAtMs: 1,
      envelopeFrom: '',
      recipient: '',
      headerFrom: null,
      subject: '',
      verdicts: {},
    });
    throw new Error('undone');
  });
  await assert.rejects(undone, /undone/);
  assert.equal((await append('mbx_1')).uid, 3);
});

test('whoever watches a mailbox hears of its mail once it is there', async (t) => {
  const { db, service, append } = await open(t);
  const seen: number[] = [];
  db.onNotify('mailbox/mbx_1', async () => seen.push((await service.list({ mailbox: 'mbx_1', limit: 9 })).length));
  await append('mbx_2');
  await append('mbx_1');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(seen, [1]);
});

test('a flipped octet on the disk is noticed when the message is read', async (t) => {
  const { folder, service, append } = await open(t);
  const stored = await append('mbx_1', 'INBOX', 'x'.repeat(300_000));
  const [file] = await readdir(join(folder, 'spool'));
  await writeFile(join(folder, 'spool', file ?? ''), `y${'x'.repeat(299_999)}`);
  await assert.rejects(service.raw(stored.id), { code: 'BLOB_DAMAGED' });
});
