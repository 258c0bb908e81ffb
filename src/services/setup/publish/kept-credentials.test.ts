import assert from 'node:assert/strict';
import test from 'node:test';
import { tempDb } from '../../../../test/support/temp-office.ts';
import { Fault } from '../../../base/outcome.ts';
import { KeptCredentials } from './kept-credentials.ts';
import { publishMigrations } from './publish-migrations.ts';

/** Turned round behind its label: enough to see what is stored and what it is bound to. */
const secrets = {
  seal: (label: string, plain: Uint8Array) =>
    Buffer.from(`${label} ${Buffer.from(plain).reverse().toString('latin1')}`, 'latin1'),
  open: (label: string, sealed: Uint8Array) => {
    const text = Buffer.from(sealed).toString('latin1');
    if (!text.startsWith(`${label} `)) throw new Fault('SECRET_UNREADABLE', 'no');
    return Buffer.from(text.slice(label.length + 1), 'latin1').reverse();
  },
};

test('what is kept is sealed, bound to its place, replaced as a whole, and forgotten', async (t) => {
  const db = await tempDb(t, publishMigrations);
  const kept = new KeptCredentials({ db, secrets });
  assert.equal(await kept.get('cloudflare', 'TOKEN'), undefined);
  await kept.keep(
    'cloudflare',
    new Map([
      ['TOKEN', 'grüße'],
      ['OTHER', 'x'],
    ]),
  );
  assert.equal(await kept.get('cloudflare', 'TOKEN'), 'grüße');
  const rows = await db.read((reader) =>
    reader.all<{ sealed: Uint8Array }>({ sql: 'SELECT * FROM setup_credentials', parameters: [] }),
  );
  assert.ok(rows.length === 2 && rows.every(({ sealed }) => !Buffer.from(sealed).includes('grüße')));
  await kept.keep('cloudflare', new Map([['TOKEN', 'new']]));
  assert.deepEqual([await kept.get('cloudflare', 'TOKEN'), await kept.get('cloudflare', 'OTHER')], ['new', undefined]);
  await db.write((tx) => tx.run({ sql: "UPDATE setup_credentials SET kind = 'desec'", parameters: [] }));
  await assert.rejects(kept.get('desec', 'TOKEN'), Fault);
  await kept.keep('desec', new Map());
  assert.equal(await kept.get('desec', 'TOKEN'), undefined);
});
