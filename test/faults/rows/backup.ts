/** A copy made while mail comes and goes, and an office started from it elsewhere. */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { posthorn } from '../support/command.ts';
import { ask, type Home, openDeliveries, resident, writeConfig } from '../support/home.ts';
import { Load } from '../support/load.ts';
import { NotServing, OfficeProcess } from '../support/office.ts';
import { startSink } from '../support/sink.ts';
import { type Fault, pause } from '../support/trial.ts';
import { checkFsck, checkShop, killWorld } from './kill.ts';

const copies = 3;

export const backup: Fault = {
  name: 'backup',
  fault: 'the machine is gone; there is a backup',
  done: `${copies} backups under load; the last one restored without its key, then with it`,
  limitSeconds: () => 90,
  run: async (trial) => {
    const { home } = await killWorld(trial);
    const office = await OfficeProcess.start(trial, home);
    const load = new Load(trial, home, () => office, {
      clients: { relay: 2, submission: 1, api: 1, stranger: 1 },
      manners: ['ok', 'grey', 'later', 'no', 'slow'],
      octets: [500, 10_000],
      largeShare: 0.1,
      pauseMs: 30,
    });
    load.start();
    let to = '';
    let acknowledgedBefore = load.acknowledged;
    const took: number[] = [];
    for (let nth = 0; nth < copies; nth++) {
      await pause(trial.between(700, 1_200));
      acknowledgedBefore = load.acknowledged;
      to = join(trial.folder, `copy${nth}`);
      const beganMs = performance.now();
      const { code, out, err } = await posthorn('backup', to, '--json', '--config', home.config);
      took.push(performance.now() - beganMs);
      trial.check(code === 0, `backup ends with ${code}: ${out}${err}`);
    }
    await load.stop();
    await checkShop(trial, home, office);

    const elsewhere = await startSink({ random: trial.random });
    trial.later(() => elsewhere.close());
    const restored: Home = { ...home, data: to, config: `${to}.toml` };
    writeConfig(restored.config, to, {
      routes: { '*.sink.test': `127.0.0.1:${elsewhere.port}` },
      dns: { resolvers: ['127.0.0.1:1'] },
    });
    trial.check(!existsSync(join(to, 'secret.key')), 'the backup holds the secret key');
    const keyless = await OfficeProcess.start(trial, restored).then(
      () => undefined,
      (error: unknown) => error,
    );
    trial.check(
      keyless instanceof NotServing && /secret\.key is missing/.test(keyless.words),
      `without its key: ${String(keyless)}`,
    );
    cpSync(join(home.data, 'secret.key'), join(to, 'secret.key'));
    await checkFsck(trial, restored);
    const openThen = openDeliveries(restored);
    const later = await OfficeProcess.start(trial, restored);
    const told = /restored from the backup of \d{4}-.*Z\. (\d+) deliveries were open then/.exec(later.words)?.[1];
    trial.check(
      told === String(openThen),
      `${openThen} deliveries were open in the backup, and it says: ${later.words}`,
    );
    trial.check(later.said('store.restored_from_backup').length === 1, 'its log does not tell of the backup');
    let missing = 0;
    for (const { token, way } of acknowledgedBefore) {
      const [sql, ...values] =
        way === 'stranger'
          ? ['SELECT id FROM mailbox_messages WHERE subject = ? AND recipient = ?', token, resident]
          : ['SELECT id FROM outbound_messages WHERE subject = ?', token];
      if (ask(restored, sql as string, ...(values as string[])).length === 0) missing++;
    }
    trial.check(missing === 0, `${missing} messages acknowledged before the backup are not in it`);
    const drained = await trial.until(30_000, () => openDeliveries(restored) === 0 || undefined);
    trial.check(drained === true, `${openDeliveries(restored)} deliveries of the restored office stay open`);
    trial.check(
      elsewhere.copies.every(({ whole }) => whole),
      'a restored message is not whole',
    );
    trial.figure(
      `${copies} backups in ${took.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}; ${acknowledgedBefore.length} messages acknowledged before the last one, missing ${missing}`,
    );
    trial.figure(
      `restored without its key: refused; with it: fsck clean, "${told} deliveries were open then and go out now", ${elsewhere.copies.length} deliveries made that were open`,
    );
    await checkShop(trial, restored, later);
    const again = await OfficeProcess.start(trial, restored);
    trial.check(!/backup/.test(again.words), `the start after that says: ${again.words}`);
    await again.stop();
    for (let nth = 0; nth < copies; nth++) rmSync(join(trial.folder, `copy${nth}`), { recursive: true, force: true });
  },
};
