/** Receivers that refuse, babble, hang up or fall silent at every stage of the dialogue, seen from the books of a whole office. */
import { type Act, type BadMx, type BadMxOptions, type BadMxStage, startBadMx } from '../../support/bad-mx.ts';
import { makeTestAuthority } from '../../support/test-certificate.ts';
import { ask, author, type Home, makeHome } from '../support/home.ts';
import { letter, tokenOf } from '../support/letters.ts';
import { OfficeProcess } from '../support/office.ts';
import { SmtpTalk } from '../support/smtp-talk.ts';
import { type Fault, pause, type Trial } from '../support/trial.ts';
import { checkShop } from './kill.ts';

const stages = ['greeting', 'ehlo', 'mail', 'rcpt', 'data', 'end-of-data'] as const;
type Stage = (typeof stages)[number];

/** What a host says when nothing is wrong with it. */
const well: Readonly<Record<Stage | 'helo' | 'content' | 'starttls' | 'handshake', Act>> = {
  greeting: '220 mx.test ESMTP\r\n',
  ehlo: '250-mx.test\r\n250 8BITMIME\r\n',
  helo: '250 mx.test\r\n',
  mail: '250 2.1.0 ok\r\n',
  rcpt: '250 2.1.5 ok\r\n',
  data: '354 go ahead\r\n',
  content: '',
  'end-of-data': '250 2.0.0 queued\r\n',
  starttls: '220 2.0.0 go ahead\r\n',
  handshake: '',
};

const troubles: Readonly<Record<string, Act>> = {
  '451': '451 4.3.0 later\r\n',
  '000': '000 ok\r\n',
  '999': '999 ok\r\n',
  words: 'everything is fine\r\n',
  'no-octets': '\r\n',
  nul: '250 o\0k\r\n',
  'bare-lf': '250 ok\n250 ok\n354 ok\n',
  disagreeing: '250-ok\r\n550 no\r\n',
  close: { by: 'close' },
  reset: { by: 'reset' },
  half: { by: 'close', say: '250-more to come\r\n250 o' },
  endless: { by: 'repeat', say: '250-and so on\r\n'.repeat(100) },
};

type Case = {
  /** Its domain is below recv.test. */
  readonly name: string;
  readonly host: BadMxOptions;
  readonly ends: 'delivered' | 'bounced' | 'unsure' | 'delayed' | 'queued';
  /** Messages that reached the host as a whole; the first may have been refused. */
  readonly copies: number;
};

/** The first time so, then well. */
function once(stage: BadMxStage, act: Act): BadMxOptions {
  return { script: { [stage]: (_: string, nth: number) => (nth === 0 ? act : well[stage as Stage]) } };
}

function cases(expired: NonNullable<BadMxOptions['identity']>): Case[] {
  const all: Case[] = [];
  for (const stage of stages) {
    const isLast = stage === 'end-of-data';
    for (const [trouble, act] of Object.entries(troubles))
      all.push({ name: `${stage}-${trouble}`, host: once(stage, act), ends: 'delivered', copies: isLast ? 2 : 1 });
    const refusal = '554 5.7.0 no\r\n';
    const script = stage === 'ehlo' ? { ehlo: refusal, helo: refusal } : { [stage]: refusal };
    // Before MAIL a 5yz is about the host: another try may find another one. MAIL_RULES 19
    const isHost = stage === 'greeting' || stage === 'ehlo';
    const about = stage === 'mail' ? { mail: '550 5.1.0 no\r\n' } : script;
    all.push({
      name: `${stage}-554`,
      host: { script: about },
      ends: isHost ? 'delayed' : 'bounced',
      copies: isLast ? 1 : 0,
    });
    all.push({
      name: `${stage}-hang`,
      host: { script: { [stage]: { by: 'hang' } } },
      ends: 'queued',
      copies: isLast ? 1 : 0,
    });
  }
  for (const by of ['close', 'reset'] as const)
    all.push({ name: `content-${by}`, host: once('content', { by }), ends: 'delivered', copies: 1 });
  all.push(
    {
      name: 'end-of-data-close-twice',
      host: { script: { 'end-of-data': { by: 'close' } } },
      ends: 'unsure',
      copies: 2,
    },
    {
      name: 'end-of-data-20mb',
      host: once('end-of-data', `250 ${'x'.repeat(20_000_000)}\r\n`),
      ends: 'delivered',
      copies: 2,
    },
    // Late is not never: whoever is patient sends it once. RFC 5321 §4.5.3.2.6
    {
      name: 'end-of-data-late',
      host: { script: { 'end-of-data': { by: 'wait', ms: lateMs, say: well['end-of-data'] as string } } },
      ends: 'delivered',
      copies: 1,
    },
    { name: 'mail-host-5xx', host: { script: { mail: '550 5.7.1 you are listed\r\n' } }, ends: 'delayed', copies: 0 },
    { name: 'rcpt-551', host: { script: { rcpt: '551 5.7.1 not here\r\n' } }, ends: 'bounced', copies: 0 },
    { name: 'helo-only', host: { script: { ehlo: '502 5.5.1 what?\r\n' } }, ends: 'delivered', copies: 1 },
    // No policy speaks for TLS here: plain is better than never.
    {
      name: 'starttls-454',
      host: { identity: expired, script: { starttls: '454 4.7.0 not now\r\n' } },
      ends: 'delivered',
      copies: 1,
    },
    { name: 'tls-expired', host: { identity: expired }, ends: 'delivered', copies: 1 },
    {
      name: 'tls-injected',
      host: { identity: expired, script: { starttls: '220 go\r\n250 injected\r\n' } },
      ends: 'delivered',
      copies: 1,
    },
    {
      name: 'tls-garbage',
      host: { offers: ['STARTTLS'], script: { handshake: 'this is no handshake\r\n' } },
      ends: 'delivered',
      copies: 1,
    },
  );
  return all;
}

/** A busy machine needs its time for some ninety deliveries and their retries. */
const patienceMs = 45_000;
const lateMs = 12_000;
const memoryMb = 128;

export const receivers: Fault = {
  name: 'receivers',
  fault: 'receivers that refuse, babble, drop, hang',
  done: 'a host for each trouble at each stage, all at once; final states and copies',
  limitSeconds: () => 120,
  run: async (trial) => {
    const authority = await makeTestAuthority();
    const expired = await authority.issue({ names: ['mx.test'], notAfter: new Date(Date.now() - 86_400_000) });
    const world: { readonly what: Case; readonly mx: BadMx }[] = [];
    for (const what of cases(expired)) {
      const mx = await startBadMx(what.host);
      trial.later(() => mx.close());
      world.push({ what, mx });
    }
    const routes = Object.fromEntries(world.map(({ what, mx }) => [domainOf(what), `127.0.0.1:${mx.port}`]));
    const home = await makeHome(`${trial.folder}/data`, {
      routes,
      delivery: { concurrency: 100 },
      dns: { resolvers: ['127.0.0.1:1'] },
    });
    const office = await OfficeProcess.start(trial, home);
    const before = office.usage().residentBytes;
    const talk = await SmtpTalk.greeted(office.ports.mx);
    for (const [nth, { what }] of world.entries()) {
      const to = `a@${domainOf(what)}`;
      const { code } = await talk.send(author, [to], letter(tokenOf(trial.seed, nth, 2_000), author, [to]));
      trial.check(code === 250, `${what.name}: taken with ${code}`);
      if (nth % 50 === 49) await talk.ask('NOOP');
    }
    talk.destroy();
    const isDone = () => world.every(({ what, mx }) => isAsExpected(home, what, mx)) || undefined;
    await trial.until(patienceMs, isDone);
    await pause(1_500); // a further copy or try would come by now
    const peak = office.usage().residentBytes;
    for (const { what, mx } of world) report(trial, home, what, mx);
    const news = Number(ask(home, 'SELECT count(*) AS n FROM mailbox_messages WHERE recipient = ?', author)[0]?.n);
    const bounced = world.filter(({ what }) => what.ends === 'bounced').length;
    trial.check(news === bounced + 1, `${bounced} bounced, one is in doubt, and the author got ${news} notifications`);
    const grown = (peak - before) / 1_048_576;
    trial.check(grown < memoryMb, `it grew by ${grown.toFixed(0)} MB`);
    const count = (ends: Case['ends']) => world.filter(({ what }) => what.ends === ends).length;
    trial.figure(
      `${world.length} hosts: ${count('delivered')} delivered, ${bounced} bounced with one notification each, ${count('delayed')} wait, ${count('queued')} hang on, ${count('unsure')} unsure`,
    );
    trial.figure(`memory +${grown.toFixed(0)} MB, replies of 20 MB and without end among them`);
    await checkStop(trial, home, office, world);
  },
};

/** Those who hang keep nobody from stopping: transactions under way are cut after their patience, here by their hosts. */
async function checkStop(
  trial: Trial,
  home: Home,
  office: OfficeProcess,
  world: readonly { readonly what: Case; readonly mx: BadMx }[],
): Promise<void> {
  for (const { what, mx } of world) if (what.ends === 'queued') await mx.close();
  await checkShop(trial, home, office);
}

function domainOf({ name }: Case): string {
  return `${name}.recv.test`;
}

function stateOf(home: Home, what: Case): { state: string; tries: number; say: string } {
  const [row] = ask(home, 'SELECT state, tries, last FROM outbound_deliveries WHERE domain = ?', domainOf(what));
  return { state: String(row?.state), tries: Number(row?.tries), say: String(row?.last) };
}

function isAsExpected(home: Home, what: Case, mx: BadMx): boolean {
  const { state, tries } = stateOf(home, what);
  if (what.ends === 'delayed' && tries < 2) return false;
  return state === what.ends && copiesAt(mx) === what.copies;
}

function report(trial: Trial, home: Home, what: Case, mx: BadMx): void {
  const { state, say } = stateOf(home, what);
  trial.check(state === what.ends, `${what.name}: ${state} instead of ${what.ends}: ${say.slice(0, 200)}`);
  const copies = copiesAt(mx);
  trial.check(copies === what.copies, `${what.name}: ${copies} copies instead of ${what.copies}`);
}

/** A lone dot, where DATA was pipelined behind a refusal, brings no message. */
function copiesAt(mx: BadMx): number {
  return mx.received().filter((message) => message !== '').length;
}
