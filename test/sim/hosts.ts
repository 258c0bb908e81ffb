/**
 * Other people's mail hosts: they take, put off, refuse, hang, hang up before or after they kept a message, talk nonsense, and return
 * mail later. What they kept and what they said is written into the ledger.
 */
import { dialogueOf } from './clients.ts';
import { isReport, type Ledger, markOf } from './ledger.ts';
import type { SimConnection, SimNet } from './net.ts';
import { Gone, Talk } from './talk.ts';

/** Shares of what goes wrong, while it does. */
export type Manners = {
  later: number;
  hangUp: number;
  hang: number;
  nonsense: number;
  /** Of messages that were kept: the yes gets lost. */
  keepSilently: number;
};

const calm: Manners = { later: 0, hangUp: 0, hang: 0, nonsense: 0, keepSilently: 0 };

export type HostPorts = {
  readonly net: SimNet;
  readonly ledger: Ledger;
  /** Of the office to whose return paths mail is given back: where its MX is. */
  readonly mxOf: (domain: string) => string | undefined;
  /** A clock is wrong, so that a return path may have run out. */
  readonly mayRefuseReturns: () => boolean;
  /** A message came for a delivery that has ended. */
  readonly onArrival: (from: string, recipient: string, mark: string) => void;
};

type Offers = { readonly chunking: boolean; readonly dsn: boolean; readonly tls: boolean };

const patienceMs = 20 * 60_000;
const hangMs = 3_600_000;

type Under = { readonly connection: SimConnection; over: boolean };

export class ForeignHost {
  readonly manners: Manners = { ...calm };
  readonly #address: string;
  readonly #name: string;
  readonly #ports: HostPorts;
  readonly #offers: Offers;
  /** Transactions that have begun, by sender and recipient. */
  readonly #underWay = new Map<string, Under>();

  constructor(at: { readonly address: string; readonly name: string; readonly offers: Offers }, ports: HostPorts) {
    this.#address = at.address;
    this.#name = at.name;
    this.#offers = at.offers;
    this.#ports = ports;
    ports.net.addHost(at.address, at.name);
  }

  async open(): Promise<void> {
    await this.#ports.net
      .portOf(this.#address)
      .listen({ address: this.#address, port: 25 }, (connection) => void this.#serve(connection as SimConnection));
  }

  calmDown(): void {
    Object.assign(this.manners, calm);
  }

  async #serve(connection: SimConnection): Promise<void> {
    const talk = new Talk(connection, this.#ports.net.schedule);
    const open: Under[] = [];
    try {
      await this.#converse(talk, connection, open);
    } catch (error) {
      if (!(error instanceof Gone)) throw error;
    } finally {
      for (const one of open) one.over = true;
      connection.destroy();
    }
  }

  async #converse(talk: Talk, connection: SimConnection, open: Under[]): Promise<void> {
    await this.#misbehave(talk);
    await talk.say(`220 ${this.#name} ESMTP\r\n`);
    let from: string | undefined;
    let recipients: string[] = [];
    let chunks = '';
    const forget = () => {
      recipients = [];
      chunks = '';
      for (const one of open.splice(0)) one.over = true;
    };
    for (;;) {
      const line = await talk.line(patienceMs);
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'QUIT') {
        await talk.say('221 2.0.0 bye\r\n');
        await connection.end();
        return;
      }
      if (verb !== 'DATA' && verb !== 'BDAT') await this.#misbehave(talk);
      if (verb === 'EHLO') await talk.say(this.#greeting(connection));
      else if (verb === 'STAR') {
        await talk.say('220 2.0.0 go ahead\r\n');
        await connection.startTlsAsServer(undefined).catch((error) => {
          throw new Gone(String(error));
        });
      } else if (verb === 'MAIL') {
        forget();
        from = this.#putsOff() ? undefined : (/<([^>]*)>/.exec(line)?.[1] ?? '');
        await talk.say(from === undefined ? '451 4.3.0 not now\r\n' : '250 2.1.0 ok\r\n');
      } else if (verb === 'RCPT') {
        const recipient = /<([^>]*)>/.exec(line)?.[1] ?? '';
        const reply = from === undefined ? '503 5.5.1 from whom?\r\n' : this.#replyTo(recipient);
        if (reply.startsWith('250')) {
          recipients.push(recipient);
          open.push(this.#begin(`${from} ${recipient}`, connection));
        }
        await talk.say(reply);
      } else if (verb === 'DATA') {
        if (from === undefined || recipients.length === 0) {
          await talk.say('554 5.5.1 nobody to give it to\r\n');
          continue;
        }
        await this.#misbehave(talk);
        await talk.say('354 go ahead\r\n');
        await this.#end(talk, connection, { from, recipients, text: await talk.message(patienceMs) });
        forget();
      } else if (verb === 'BDAT') {
        const [, octets = '0', last] = line.toUpperCase().split(' ');
        chunks += await talk.octets(Number(octets), patienceMs);
        if (from === undefined || recipients.length === 0) {
          await talk.say('554 5.5.1 nobody to give it to\r\n');
          continue;
        }
        if (last !== 'LAST') await talk.say('250 2.0.0 more\r\n');
        else {
          await this.#end(talk, connection, { from, recipients, text: chunks });
          forget();
        }
      } else if (verb === 'RSET') {
        forget();
        await talk.say('250 2.0.0 ok\r\n');
      } else await talk.say('500 5.5.1 what?\r\n');
    }
  }

  #greeting(connection: SimConnection): string {
    const { chunking, dsn, tls } = this.#offers;
    const words = ['PIPELINING', '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES', 'SIZE 50000000'];
    if (chunking) words.push('CHUNKING');
    if (dsn) words.push('DSN');
    if (tls && !connection.tls) words.push('STARTTLS');
    return [this.#name, ...words].map((word, at) => `250${at === words.length ? ' ' : '-'}${word}\r\n`).join('');
  }

  #chance(share: number): boolean {
    return share > 0 && this.#ports.net.random.float() < share;
  }

  #putsOff(): boolean {
    return this.#chance(this.manners.later);
  }

  async #misbehave(talk: Talk): Promise<void> {
    const { net } = this.#ports;
    if (this.#chance(this.manners.hangUp)) throw new Gone('tired');
    if (this.#chance(this.manners.hang)) {
      await net.schedule.sleep(net.random.float() * hangMs);
      if (net.random.float() < 0.5) throw new Gone('tired');
    }
    if (this.#chance(this.manners.nonsense)) {
      await talk.say(net.random.float() < 0.5 ? '\u0000\u00ffwhat 999\r\n' : '25 maybe\r\n');
      throw new Gone('confused');
    }
  }

  #replyTo(recipient: string): string {
    const { ledger } = this.#ports;
    if (recipient.startsWith('no')) {
      ledger.refusals.push({ recipient, mark: undefined });
      return '550 5.1.1 no such user\r\n';
    }
    if (recipient.startsWith('busy')) return '450 4.2.1 mailbox busy\r\n';
    return this.#putsOff() ? '450 4.2.0 try again\r\n' : '250 2.1.5 ok\r\n';
  }

  #begin(key: string, connection: SimConnection): Under {
    const { ledger, net } = this.#ports;
    const earlier = this.#underWay.get(key);
    if (
      !key.startsWith(' ') &&
      earlier &&
      !earlier.over &&
      earlier.connection !== connection &&
      earlier.connection.isHeld
    )
      ledger.fail(`lease held twice: ${this.#name} has two transactions at once for ${key}`);
    const under = { connection, over: false };
    this.#underWay.set(key, under);
    net.schedule.mix(key.length);
    return under;
  }

  async #end(
    talk: Talk,
    connection: SimConnection,
    mail: { readonly from: string; readonly recipients: readonly string[]; readonly text: string },
  ): Promise<void> {
    const { net, ledger } = this.#ports;
    const mark = markOf(mail.text) ?? '';
    // Now, not when it has made up its mind: a host that hangs may keep what its client has sent anew long since.
    for (const recipient of mail.recipients) this.#ports.onArrival(mail.from, recipient, mark);
    const refuses = mail.recipients.some((one) => one.startsWith('spam'));
    if (refuses) {
      for (const recipient of mail.recipients) ledger.refusals.push({ recipient, mark });
      return talk.say('554 5.7.1 not like this\r\n');
    }
    if (this.#putsOff()) return talk.say('451 4.3.0 not now\r\n');
    await this.#misbehave(talk);
    const silently = this.#chance(this.manners.keepSilently);
    let told = false;
    for (const recipient of mail.recipients) {
      net.trace.say(this.#name, `keeps ${mark} for ${recipient}${isReport(mail.text) ? ' (a notification)' : ''}`);
      ledger.arrivals.push({
        mark,
        isReport: isReport(mail.text),
        host: this.#name,
        from: mail.from,
        recipient,
        atMs: net.schedule.nowMs,
        wasTold: () => told && !connection.wasTroubled,
      });
      if (!recipient.startsWith('back') || mail.from === '') continue;
      void this.#return(mail.from, recipient, mark);
      // Some hosts say everything twice.
      if (net.random.float() < 0.3) void this.#return(mail.from, recipient, mark);
    }
    if (silently) {
      const draw = net.random.float();
      if (draw < 0.4) throw new Gone('tired');
      if (draw < 0.8) {
        await net.schedule.sleep(net.random.float() * hangMs);
        throw new Gone('tired');
      }
      await talk.say('\u0000what\r\n');
      throw new Gone('confused');
    }
    if (net.random.float() < 0.05) await net.schedule.sleep(net.random.float() * 60_000);
    told = true;
    await talk.say('250 2.0.0 kept\r\n');
  }

  /** What was taken comes back by mail, to whom the envelope named; it is tried until somebody takes it. */
  async #return(to: string, recipient: string, mark: string): Promise<void> {
    const { net, mxOf, ledger, mayRefuseReturns } = this.#ports;
    const address = mxOf(to.slice(to.lastIndexOf('@') + 1));
    if (address === undefined) return;
    if (net.random.float() < 0.8) await net.schedule.sleep(net.random.float() * 1_800_000);
    const text = returnText({ host: this.#name, to, recipient, mark, dateMs: net.schedule.nowMs });
    for (let tries = 0; tries < 200; tries++) {
      const end = await dialogueOf(
        { net: net.portOf(this.#address), schedule: net.schedule },
        { to: { address, port: 25 }, helo: this.#name, from: '', recipients: [{ address: to, parameters: '' }], text },
      );
      if (end.kind === 'taken') {
        ledger.returned.add(`${mark} ${recipient}`);
        net.trace.say(this.#name, `returned ${mark} from ${recipient}`);
        return;
      }
      if (end.kind === 'refused' && end.code >= 500) {
        if (!mayRefuseReturns()) ledger.fail(`a notification to our return path ${to} was refused: ${end.code}`);
        return;
      }
      await net.schedule.sleep(60_000 + net.random.float() * 1_800_000);
    }
  }
}

function returnText(about: {
  readonly host: string;
  readonly to: string;
  readonly recipient: string;
  readonly mark: string;
  readonly dateMs: number;
}): string {
  const { host, to, recipient, mark } = about;
  return [
    `From: MAILER-DAEMON <postmaster@${host}>`,
    `To: <${to}>`,
    `Subject: returned ${mark}`,
    `Date: ${new Date(Date.UTC(2027, 0, 1) + about.dateMs).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <back-${mark}-${recipient.length}@${host}>`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    '',
    '--b',
    'Content-Type: text/plain',
    '',
    'It could not be delivered.',
    '--b',
    'Content-Type: message/delivery-status',
    '',
    `Reporting-MTA: dns; ${host}`,
    '',
    `Final-Recipient: rfc822; ${recipient}`,
    'Action: failed',
    'Status: 5.2.2',
    'Diagnostic-Code: smtp; 552 mailbox full',
    '',
    '--b--',
    '',
  ].join('\r\n');
}
