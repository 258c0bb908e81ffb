/** A data folder of a newer version under this one: every way in says so, and nothing in it is changed. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { databaseFile, openSqlite } from '../../../src/adapters/store/sqlite-db.ts';
import { migrations } from '../../../src/app/compose.ts';
import { posthorn } from '../support/command.ts';
import { author, makeHome } from '../support/home.ts';
import { letter, tokenOf } from '../support/letters.ts';
import { NotServing, OfficeProcess } from '../support/office.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import type { Fault } from '../support/trial.ts';
import { checkFsck } from './kill.ts';

const tomorrow = { id: 'outbound-9999', statements: ['CREATE TABLE of_tomorrow (id TEXT PRIMARY KEY)'] };
const sentence = /written by a newer version .*outbound-9999.*start that version/;
/** EX_CONFIG: nothing that waiting would mend. */
const configuration = 78;

export const downgrade: Fault = {
  name: 'downgrade',
  fault: 'an older version on a newer folder',
  done: 'serve, queue, fsck, domains on a folder with a step from the future; then the newer version again',
  limitSeconds: () => 60,
  run: async (trial) => {
    const home = await makeHome(`${trial.folder}/data`, { routes: { '*': '127.0.0.1:1' } });
    const office = await OfficeProcess.start(trial, home);
    const talk = await SmtpTalk.greeted(office.ports.mx);
    const { code } = await talk.send(author, ['a@b.test'], letter(tokenOf(trial.seed, 1, 500), author, ['a@b.test']));
    trial.check(code === 250, `before all mail is answered ${code}`);
    talk.destroy();
    await office.stop();
    const newer = { migrations: [...migrations, tomorrow], office: 'take' } as const;
    await (await openSqlite(home.data, newer)).close();

    const before = octetsOf(home.data);
    const refusal = await OfficeProcess.start(trial, home).then(
      () => undefined,
      (error: unknown) => error,
    );
    trial.check(refusal instanceof NotServing, 'an older version serves a newer folder');
    if (refusal instanceof NotServing) {
      const [first = ''] = refusal.words.split('\n');
      trial.check(sentence.test(first), `serve says: ${refusal.words}`);
      trial.check(refusal.ended.code === configuration, `serve ends with ${refusal.ended.code}`);
      trial.check(!/\n\s+at /.test(refusal.words), `serve shows its stack: ${refusal.words}`);
      trial.figure(`exit ${refusal.ended.code}, "${first}"`);
    }
    for (const command of ['queue', 'fsck', 'domains']) {
      const ran = await posthorn(command, '--config', home.config);
      trial.check(ran.code !== 0 && sentence.test(ran.err), `${command} ends with ${ran.code} and says: ${ran.err}`);
    }
    trial.check(octetsOf(home.data) === before, 'the refused starts changed the database');
    const again = await openSqlite(home.data, newer);
    await again.write((tx) => tx.run({ sql: 'DROP TABLE of_tomorrow', parameters: [] }));
    await again.write((tx) => tx.run({ sql: 'DELETE FROM schema_migrations WHERE id = ?', parameters: [tomorrow.id] }));
    await again.close();
    const serving = await OfficeProcess.start(trial, home);
    await serving.stop();
    await checkFsck(trial, home);
    trial.figure('no octet of the database changed; the step taken back, it serves, fsck clean');
  },
};

function octetsOf(data: string): string {
  return createHash('sha256')
    .update(readFileSync(databaseFile(data)))
    .digest('hex');
}
