/**
 * `posthorn init`: from nothing to a domain that sends, in one go: settings, the first API key, the domain with its DKIM keys, who
 * sends, the plan, its publication, the proof. Asks where somebody sits; may be run again, and goes on where it stands.
 */
import type { Command } from 'commander';
import type { DomainName } from '../../../format/domain-name.ts';
import { gatherSigns, readPlannedDomain, recognise, undecided } from '../../../services/setup/setup.ts';
import type { Plan } from '../../../services/setup/types.ts';
import type { SetupDesk } from '../../http/ports.ts';
import { showCheck } from '../../http/show-domain.ts';
import { showPlan, showPublication, showSenders } from '../../http/show-setup.ts';
import { CliError } from '../cli-error.ts';
import type { CliHost, Eyes, Home, OpenOffice } from '../cli-host.ts';
import { exits } from '../exits.ts';
import {
  asTyped,
  insertBefore,
  isComplete,
  publishedSentence,
  settingsText,
  withoutNext,
  written,
} from '../init-words.ts';
import { keysSentence } from '../key-words.ts';
import { each, type Leaf } from '../leaf.ts';
import { Questions } from '../questions.ts';
import { bad, readDomain } from '../read-options.ts';
import { refusalError } from '../refusal-error.ts';
import { planLines } from '../render-plan.ts';
import { wrapped } from '../render-timeline.ts';
import type { Run } from '../run.ts';

type Options = {
  readonly sender?: readonly string[];
  readonly hostname?: string;
  readonly sendOnly?: boolean;
  readonly receive?: boolean;
  readonly yes?: boolean;
};

/** Name servers of one host follow each other within seconds, mostly. */
const publishWaitMs = 60_000;
const pageWidth = 80;

export function defineInit(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  command
    .argument('<domain>', 'what stands behind the @ in From')
    .option('--sender <id[:values]>', 'who sends for it besides this server; repeatable', each)
    .option('--hostname <name>', "this server's public name (default: mx. and the domain)")
    .option('--send-only', 'its mail is received elsewhere (default: where it has an MX already)')
    .option('--receive', 'its mail is to come here, wherever it goes now')
    .option('--yes', 'ask nothing, and publish where the zone can be changed from here')
    .addHelpText(
      'after',
      [
        '',
        'Writes posthorn.toml where there is none, makes the first API key and the DKIM',
        'keys, looks who sends for the domain already, plans its records and offers to',
        'publish them. Without a terminal it asks nothing, and publishes only with --yes.',
        'Run it again to go on where it stands.',
        '',
        `  ${program} init example.com`,
        `  ${program} init example.com --sender google-workspace --yes`,
      ].join('\n'),
    );
  leaf<Options>(command, ['document', 'data', 'dns'], async (run, options, text = '') => {
    const domain = readPlannedDomain(text);
    if (!domain.ok) throw bad('bad_domain', domain.say, [`${program} init example.com`]);
    const questions = new Questions(run.host, { silent: options.yes === true || run.format !== 'text' || run.quiet });
    try {
      return await new Wizard(run, options, { domain: domain.value, questions }).go();
    } finally {
      await questions.close();
    }
  });
}

/** What each step found, for `--json`. */
type Found = Record<string, unknown>;

class Wizard {
  readonly #run: Run;
  readonly #options: Options;
  readonly #domain: DomainName;
  readonly #questions: Questions;
  readonly #found: Found = {};
  #step = 0;
  /** What to type to have it published. */
  #publishing: string;

  constructor(run: Run, options: Options, about: { readonly domain: DomainName; readonly questions: Questions }) {
    this.#run = run;
    this.#options = options;
    this.#domain = about.domain;
    this.#questions = about.questions;
    this.#publishing = `init ${about.domain} --yes`;
  }

  async go() {
    this.#say([this.#style.bold(`${this.#domain}, step by step`)]);
    const home = await this.#run.host.home(this.#run.place);
    await this.#settings(home);
    const office = await this.#run.folder({ make: true });
    await this.#firstKey(office);
    const eyes = await this.#run.eyes();
    await this.#addDomain(office, { home, eyes });
    const desk = office.desk(eyes);
    await this.#senders(desk, eyes);
    const plan = await this.#plan(desk);
    const isPublished = await this.#publish(desk, plan);
    const isSending = await this.#verify(office, eyes);
    return this.#end(home, { isPublished, isSending });
  }

  // ---- 1: settings

  async #settings(home: Home): Promise<void> {
    this.#head('Settings');
    const { folder, settingsFile, hasSettings, sandbox } = home;
    const hostname = home.hostname ?? (await this.#hostname());
    const given = this.#options.hostname === undefined ? hostname : readDomain(this.#options.hostname);
    Object.assign(this.#found, { domain: this.#domain, hostname: given, folder });
    if (sandbox) {
      const made = sandbox.makeZone(this.#domain);
      this.#text(`The sandbox serves ${folder}: all of this happens in its world. Your server there is ${hostname}.`);
      if (made) this.#text(`It is your DNS host as well, and now has an empty zone for ${this.#domain}.`);
      return;
    }
    const written = !hasSettings && (await this.#run.host.writeNew(settingsFile, settingsText(given, folder)));
    this.#found.settings = { file: settingsFile, written };
    if (written) this.#text(`${settingsFile} is written: this server is ${given}, its data lies in ${folder}.`);
    else
      this.#text(`${settingsFile} is there already and stays as it is: this server is ${home.hostname ?? 'unnamed'}.`);
    if (!written && given !== home.hostname)
      throw new CliError({
        exit: exits.configuration,
        code: 'hostname_differs',
        say: `${settingsFile} says ${home.hostname === undefined ? 'no hostname' : `hostname = "${home.hostname}"`}, and ${given} is wanted.`,
        next: `write hostname = "${given}" into ${settingsFile}, then: ${this.#command(`init ${this.#domain}`)}`,
      });
  }

  async #hostname(): Promise<DomainName> {
    const fallback = this.#options.hostname ?? `mx.${this.#domain}`;
    if (this.#options.hostname !== undefined) return readDomain(fallback);
    return readDomain(await this.#questions.ask("  This server's public name", fallback));
  }

  // ---- 2 and 3: what the office needs

  async #firstKey({ directory: { accounts } }: OpenOffice): Promise<void> {
    this.#head('API key');
    const live = (await accounts.keys()).filter(({ revokedAtMs }) => revokedAtMs === undefined);
    if (live.length > 0) {
      this.#text(`There is one already. To see what there is: ${this.#command('keys list')}`);
      return;
    }
    const made = await accounts.createKey({ name: 'made by init', mode: 'live', scopes: ['admin'] });
    if (!made.ok) throw refusalError(made, this.#run.host.command);
    this.#found.key = { id: made.value.key.id, token: made.value.token };
    this.#say([`  ${this.#style.bold(made.value.token)}`, '  It may do everything, and is shown this once.']);
  }

  async #addDomain(office: OpenOffice, { home, eyes }: { readonly home: Home; readonly eyes: Eyes }): Promise<void> {
    this.#head('Domain and DKIM keys');
    const { directory, hostname } = office;
    const isKnown = (await directory.domain(this.#domain)) !== undefined;
    if (!isKnown) {
      const receives = await this.#receives(office, eyes);
      const added = await directory.addDomain(this.#domain, { receives });
      if (!added.ok) throw refusalError(added, this.#run.host.command, this.#domain);
      if (home.sandbox && receives) await directory.addMailbox({ local: 'hello', domain: this.#domain });
    }
    const keys = (await directory.keysOf(this.#domain)).filter(({ state }) => state !== 'retired');
    const names = keys
      .map(({ selector, algorithm }) => `${selector} (${algorithm.replace('-sha256', '')})`)
      .join(' and ');
    this.#text(
      isKnown
        ? `${this.#domain} is in the office already, with the keys ${names}.`
        : `${this.#domain} is added; its keys ${names} are made. They sign once their records are published.`,
    );
    if ((await addressCount(eyes, hostname)) === 0)
      this.#text(
        `! ${hostname} has no address in DNS. Give it this machine's public one (an A or AAAA record), and ask whoever gave you the address to have it lead back to the name (PTR): others refuse mail without.`,
      );
  }

  /** Mail that goes somewhere stays there, unless a person wants it here. */
  async #receives({ hostname }: OpenOffice, { resolver }: Eyes): Promise<boolean> {
    const { receive, sendOnly } = this.#options;
    if (receive || sendOnly) return receive === true;
    const mx = await resolver.lookup(this.#domain, 'MX', { signal: this.#run.host.signal });
    const hosts = mx.kind === 'found' ? mx.records.map(({ exchange }) => exchange).filter((name) => name !== '') : [];
    if (hosts.length === 0 || hosts.includes(hostname)) return true;
    this.#text(`Its mail goes to ${hosts.join(', ')} now, and stays there; --receive would bring it here.`);
    return false;
  }

  // ---- 4: who sends

  async #senders(desk: SetupDesk, eyes: Eyes): Promise<void> {
    this.#head('Who sends for it');
    const before = await desk.declaration(this.#domain);
    const seen = await this.#recognised(eyes);
    const declared = before.senders.map(asTyped);
    const proposed = [
      ...new Set([...declared, ...seen.filter((id) => !before.senders.some((one) => one.sender === id))]),
    ];
    const typed = this.#options.sender ?? (await this.#asked(proposed));
    const inbound = this.#options.receive ? { inbound: 'posthorn' } : {};
    const kept = await desk.declare(this.#domain, { ...written(before), ...inbound, senders: typed });
    if (!kept.ok) throw this.#badSender(kept.say);
    this.#found.recognised = seen;
    this.#found.senders = showSenders(kept.value).senders;
    const others = kept.value.senders.map(asTyped);
    this.#text(others.length === 0 ? 'This server, and nobody else.' : `This server, and ${others.join(', ')}.`);
  }

  async #recognised({ resolver }: Eyes): Promise<readonly string[]> {
    const catalogue = await this.#run.host.catalogue();
    const { signs } = await gatherSigns(resolver, catalogue, this.#domain, { signal: this.#run.host.signal });
    const { senders, unclaimed } = recognise(catalogue, signs);
    const ids = senders.map(({ sender }) => sender.id);
    if (ids.length > 0) this.#text(`DNS shows: ${ids.join(', ')}.`);
    if (unclaimed.length > 0)
      this.#text(`Nobody in the catalogue claims ${unclaimed.map(({ name }) => name).join(', ')}; the plan keeps it.`);
    return ids;
  }

  async #asked(proposed: readonly string[]): Promise<readonly string[]> {
    if (!this.#questions.isAsking) return proposed;
    this.#text(
      `Who else does? Names as in ${this.#run.host.command} senders list, with blanks between; a dash for nobody.`,
    );
    const answer = await this.#questions.ask('  Senders', proposed.join(' ') || '-');
    return answer === '-' ? [] : answer.split(/[\s]+/).filter((one) => one !== '' && one !== '-');
  }

  #badSender(say: string): CliError {
    return new CliError({
      exit: exits.badInput,
      code: 'declaration_invalid',
      say,
      next: `${this.#run.host.command} senders list`,
    });
  }

  // ---- 5 to 7: plan, publish, verify

  async #plan(desk: SetupDesk): Promise<Plan> {
    this.#head('The plan');
    const planner = await desk.planner(this.#domain);
    if (!planner.ok) throw this.#badSender(planner.say);
    const plan = await planner.value();
    this.#found.plan = showPlan(plan);
    const page = { style: this.#style, columns: this.#width - 2, again: '', publish: '' };
    this.#say(withoutNext(planLines(plan, page)).map((line) => (line === '' ? '' : `  ${line}`)));
    return plan;
  }

  /** Whether everything that is required is published now. */
  async #publish(desk: SetupDesk, plan: Plan): Promise<boolean> {
    this.#head('Publish');
    const publisher = await desk.publisher(this.#domain, { withOptional: false });
    if (!publisher.ok) {
      this.#text(`${publisher.say} Or publish the records yourself: they are printed as lines of a zone file.`);
      this.#publishing = `plan ${this.#domain} --format zone`;
      return isComplete(plan);
    }
    const planner = await desk.planner(this.#domain);
    const prepared = planner.ok ? await publisher.value.prepare(this.#domain, planner.value) : planner;
    if (!prepared.ok) {
      this.#text(`The host that keeps the zone does not let it be read: ${prepared.say}`);
      return isComplete(plan);
    }
    const { diff, contents } = prepared.value;
    const { host } = publisher.value;
    this.#say(diff.obstacles.flatMap(({ name, type, say }) => this.#lines(`! ${name} ${type}: ${say}`)));
    if (diff.changes.length === 0) {
      this.#text(`Nothing is to be changed in the zone ${contents.zone}.`);
      return true;
    }
    const many = `${diff.changes.length} ${diff.changes.length === 1 ? 'change' : 'changes'}`;
    this.#text(`${many} in the zone ${contents.zone}, kept by ${host}.`);
    const isWanted = await this.#mayPublish(undecided(prepared.value).length > 0);
    const end = isWanted ? await publisher.value.carryOut(prepared.value, { waitMs: publishWaitMs }) : undefined;
    this.#found.publication = showPublication(prepared.value, { host, end });
    this.#text(publishedSentence(end));
    return end?.state === 'verified' || end?.state === 'made';
  }

  /** What waits for a decision is not decided by `--yes`. */
  async #mayPublish(isUndecided: boolean): Promise<boolean> {
    if (isUndecided) this.#publishing = `publish ${this.#domain} --partial`;
    if (!isUndecided) return this.#options.yes === true || this.#questions.confirm('  Publish now?');
    this.#text(`Something is to be decided first: see "Decide first" above. Everything else can be published before.`);
    return this.#questions.confirm('  Publish everything else now?');
  }

  async #verify(office: OpenOffice, eyes: Eyes): Promise<boolean> {
    this.#head('Verify');
    const report = await office.care(eyes).look(this.#domain);
    if (report === undefined) return false;
    const check = showCheck(report);
    this.#found.check = check;
    if (check.sends) this.#say([`  ${this.#style.good(`${this.#domain} is verified: it may send.`)}`]);
    else this.#text(`Not verified yet: the TXT record ${check.domain.proof.name} is not to be seen.`);
    this.#text(keysSentence(check.domain.dkim_keys));
    return check.sends;
  }

  // ---- The end

  #end(home: Home, { isPublished, isSending }: { readonly isPublished: boolean; readonly isSending: boolean }) {
    const next = this.#next(home, { isPublished, isSending });
    this.#found.verified = isSending;
    this.#found.next = next;
    this.#say(['', this.#style.bold('Next'), ...next.map((line) => `  ${line}`)]);
    return { document: this.#found, value: this.#domain, lines: () => [] };
  }

  #next({ sandbox }: Home, { isPublished, isSending }: { readonly isPublished: boolean; readonly isSending: boolean }) {
    const domain = this.#domain;
    const send = this.#command(`send --from hello@${domain} --to ${sandbox?.friend ?? 'you@example.net'} \\`);
    const sends = [send, '    --subject Hello --text "It works." --wait'];
    if (isSending)
      return [...(sandbox ? [] : [this.#command('serve')]), ...sends, this.#command(`domains show ${domain}`)];
    return [
      ...(isPublished ? [] : [this.#command(this.#publishing)]),
      this.#command(`domains verify ${domain}`),
      ...(sandbox ? [] : [this.#command('serve')]),
    ];
  }

  /** With the options that lead to the same office. */
  #command(words: string): string {
    const { data, config } = this.#run.place;
    const [name = '', ...rest] = words.split(' ');
    const where = [
      ...(data === undefined ? [] : ['--data', data]),
      ...(config === undefined ? [] : ['--config', config]),
    ];
    return [this.#run.host.command, name, ...insertBefore(rest, where)].join(' ');
  }

  get #style() {
    return this.#run.host.outStyle;
  }

  get #width(): number {
    return Math.max(40, this.#run.host.columns ?? pageWidth);
  }

  #head(title: string): void {
    this.#step += 1;
    this.#say(['', this.#style.bold(`${this.#step}  ${title}`)]);
  }

  #text(text: string): void {
    this.#say(this.#lines(text));
  }

  #lines(text: string): string[] {
    return wrapped(text, this.#width - 2).map((line) => `  ${line}`);
  }

  /** As it happens; with `--json` nothing but the document goes out. */
  #say(lines: readonly string[]): void {
    if (this.#run.format !== 'text' || this.#run.quiet) return;
    this.#run.host.out(lines.map((line) => `${line}\n`).join(''));
  }
}

async function addressCount({ resolver }: Eyes, name: DomainName): Promise<number | undefined> {
  const [four, six] = await Promise.all([resolver.lookup(name, 'A'), resolver.lookup(name, 'AAAA')]);
  if (four.kind === 'failed' || six.kind === 'failed') return undefined; // nobody knows
  return [four, six].reduce((sum, answer) => sum + (answer.kind === 'found' ? answer.records.length : 0), 0);
}
