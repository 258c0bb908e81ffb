/** Two processes on one data folder: the second says whose it is, and the first does not notice. */
import { author, makeHome } from '../support/home.ts';
import { letter, tokenOf } from '../support/letters.ts';
import { NotServing, OfficeProcess } from '../support/office.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import type { Fault } from '../support/trial.ts';
import { checkShop } from './kill.ts';

export const twoOffices: Fault = {
  name: 'two-offices',
  fault: 'two processes on one data folder',
  done: 'a second start beside the first, four at once after its death, and one after kill -9',
  limitSeconds: () => 60,
  run: async (trial) => {
    const home = await makeHome(`${trial.folder}/data`, { routes: { '*': '127.0.0.1:1' } });
    const first = await OfficeProcess.start(trial, home);
    const refusal = await OfficeProcess.start(trial, home).then(
      () => undefined,
      (error: unknown) => error,
    );
    trial.check(refusal instanceof NotServing, 'the second one serves');
    if (refusal instanceof NotServing) {
      const [sentence = ''] = refusal.words.split('\n');
      trial.check(
        /in use .*by process \d+/.test(sentence) && sentence.includes(String(first.pid)),
        `it says: ${refusal.words}`,
      );
      trial.check(refusal.ended.code === 75 || refusal.ended.code === 69, `it ends with ${refusal.ended.code}`);
      trial.figure(`the second: exit ${refusal.ended.code}, "${sentence.replaceAll(home.data, 'DATA')}"`);
    }
    const talk = await SmtpTalk.greeted(first.ports.mx);
    const { code } = await talk.send(author, ['a@b.test'], letter(tokenOf(trial.seed, 1, 500), author, ['a@b.test']));
    trial.check(code === 250, `the first answers ${code} afterwards`);
    talk.destroy();
    await first.kill();
    const crowd = await Promise.allSettled([1, 2, 3, 4].map(() => OfficeProcess.start(trial, home)));
    const served = crowd.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    trial.check(served.length === 1, `of four that start at once ${served.length} serve`);
    for (const each of crowd)
      if (each.status === 'rejected')
        trial.check(/in use/.test(String(each.reason)), `one of four says: ${String(each.reason)}`);
    trial.figure(`of four that start at once after kill -9, ${served.length} serves`);
    const [office] = served;
    if (office) await checkShop(trial, home, office);
  },
};
