/** DNS that is down, slow, unable or lying: mail waits, nothing bounces, and everything is well one try after DNS is. */
import { ask, author, makeHome, resident } from '../support/home.ts';
import { letter, tokenOf } from '../support/letters.ts';
import { strangersFrom } from '../support/load.ts';
import { type Mood, startNameServer } from '../support/name-server.ts';
import { OfficeProcess } from '../support/office.ts';
import { startSink } from '../support/sink.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { type Fault, pause, type Trial } from '../support/trial.ts';
import { checkShop } from './kill.ts';

/** Each has a domain of its name, so that all are had at once. */
const moods: readonly Mood[] = [
  'silent',
  'late',
  'servfail',
  'refused',
  'wrong-id',
  'wrong-question',
  'wrong-source',
  'torn',
  'circular',
  'cname-loop',
  'other-name',
  'truncated',
  'noise',
];
const recipient = (mood: string) => `ok@${mood}.test`;
const bannerMs = 1_000;
const retryMs = 1_000;

export const dns: Fault = {
  name: 'dns',
  fault: 'DNS down, slow, SERVFAIL, lying',
  done: `a domain for each of ${moods.length} moods of the name server, at once; then down for everything; then well again`,
  limitSeconds: () => 150,
  run: async (trial) => {
    const sink = await startSink({ random: trial.random });
    trial.later(() => sink.close());
    const zone = ['honest', ...moods].map(
      (mood) => `${mood}.test. 60 IN MX 10 mx.${mood}.test.\nmx.${mood}.test. 60 IN A 127.0.0.1\n`,
    );
    const names = await startNameServer(`${zone.join('')}world.test. 60 IN TXT "v=spf1 ip4:127.0.0.2 -all"\n`);
    trial.later(() => names.close());
    names.moodOf = (name) => moods.find((mood) => name.endsWith(`${mood}.test`)) ?? 'honest';
    const home = await makeHome(`${trial.folder}/data`, {
      delivery: { port: sink.port, allow_loopback_mx: true },
      dns: { resolvers: [`127.0.0.1:${names.port}`] },
      retry: { delays: [`${retryMs}ms`] },
    });
    const office = await OfficeProcess.start(trial, home);
    const talk = await SmtpTalk.greeted(office.ports.mx);
    const beganMs = performance.now();
    for (const [nth, mood] of [...moods, 'honest'].entries()) {
      const token = tokenOf(trial.seed, nth, 500);
      const { code } = await talk.send(author, [recipient(mood)], letter(token, author, [recipient(mood)]));
      trial.check(code === 250, `mail to ${mood}.test is answered ${code}`);
    }
    talk.destroy();
    const arrived = await trial.until(5_000, () => sink.copies.find((copy) => copy.recipient === recipient('honest')));
    trial.check(arrived !== undefined, 'mail to a domain whose DNS is well does not arrive beside those whose is not');
    trial.figure(`mail to a well domain beside them took ${((arrived?.keptAtMs ?? 0) - beganMs).toFixed(0)} ms`);

    // Every one has to have been tried, and to wait.
    const patient = moods.filter((mood) => mood !== 'late');
    const tried = await trial.until(60_000, () =>
      patient.every((mood) => triesOf(home, mood) > 0) ? true : undefined,
    );
    trial.check(
      tried === true,
      `not tried within 60 s: ${patient.filter((mood) => triesOf(home, mood) === 0).join(', ')}`,
    );
    for (const mood of patient) {
      const { state, last } = rowOf(home, mood);
      trial.check(state === 'delayed', `${mood}: ${state} ${last}`);
      trial.check(
        !sink.copies.some((copy) => copy.recipient === recipient(mood)),
        `${mood}: delivered by a wrong answer`,
      );
    }
    trial.figure(`${patient.length} moods: all delayed, none bounced`);

    // Down for everybody.
    names.moodOf = () => 'silent';
    await checkBanner(trial, office, 'with DNS down');
    const inbound = await receive(trial, office, 1);
    trial.check(/^(250|4\d\d) /.test(inbound.say), `a stranger with DNS down: ${inbound.say}`);
    trial.figure(
      `with DNS down a stranger's message is answered "${inbound.say.slice(0, 70)}" after ${(inbound.tookMs / 1_000).toFixed(1)} s`,
    );
    names.moodOf = () => 'servfail';
    const unable = await receive(trial, office, 2);
    trial.check(/^(250|4\d\d) /.test(unable.say), `a stranger with SERVFAIL: ${unable.say}`);

    names.moodOf = () => 'honest';
    const healedMs = performance.now();
    const all = await trial.until(20_000, () =>
      moods.every((mood) => rowOf(home, mood).state === 'delivered') ? true : undefined,
    );
    trial.check(
      all === true,
      `not delivered after DNS is well: ${moods.filter((mood) => rowOf(home, mood).state !== 'delivered').join(', ')}`,
    );
    trial.figure(
      `all ${moods.length} delivered ${((performance.now() - healedMs) / 1_000).toFixed(1)} s after DNS is well (retry every ${retryMs / 1_000} s)`,
    );
    const bounced = Number(
      ask(home, "SELECT count(*) AS n FROM outbound_deliveries WHERE state IN ('bounced', 'failed')")[0]?.n,
    );
    trial.check(bounced === 0, `${bounced} bounced`);
    await pause(100);
    for (const mood of moods) {
      const copies = sink.copies.filter((copy) => copy.recipient === recipient(mood)).length;
      trial.check(copies === 1, `${mood}: ${copies} copies`);
    }
    await checkShop(trial, home, office);
  },
};

function rowOf(home: Parameters<typeof ask>[0], mood: string): { state: string; tries: number; last: string } {
  const [row] = ask(home, 'SELECT state, tries, last FROM outbound_deliveries WHERE recipient = ?', recipient(mood));
  return { state: String(row?.state), tries: Number(row?.tries), last: String(row?.last) };
}

function triesOf(home: Parameters<typeof ask>[0], mood: string): number {
  return rowOf(home, mood).tries;
}

async function checkBanner(trial: Trial, office: OfficeProcess, when: string): Promise<void> {
  const took: number[] = [];
  for (let nth = 0; nth < 5; nth++) {
    const beganMs = performance.now();
    const talk = await SmtpTalk.open(office.ports.mx, { from: `127.0.0.${10 + nth}` });
    took.push(performance.now() - beganMs);
    talk.destroy();
  }
  const longest = Math.max(...took);
  trial.check(longest <= bannerMs, `the banner comes after ${longest.toFixed(0)} ms ${when}`);
  trial.figure(`banner ${when}: ${longest.toFixed(0)} ms at most`);
}

async function receive(trial: Trial, office: OfficeProcess, nth: number): Promise<{ say: string; tookMs: number }> {
  const token = tokenOf(trial.seed, 100 + nth, 500);
  const beganMs = performance.now();
  const talk = await SmtpTalk.greeted(office.ports.mx, { from: '127.0.0.2', patienceMs: 60_000 });
  // A domain of its own: what was learnt before is not remembered.
  const from = strangersFrom.replace('@', `@n${nth}.`);
  const { code, text } = await talk.send(from, [resident], letter(token, from, [resident]));
  talk.destroy();
  return { say: `${code} ${text}`, tookMs: performance.now() - beganMs };
}
