/**
 * The certificate of an authority, kept up to date: what is in the data folder is shown at once, and a new one is asked for when
 * `decide-renewal.ts` says so. While there is none yet, the office's own self-signed one stands in; nothing ever stops for it.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AcmeIssuer, Challenge, Challenges } from '../adapters/certificates/acme-issuer.ts';
import { serveHttp } from '../adapters/http/serve-http.ts';
import type { Timers } from '../base/clock.ts';
import { Fault, type Outcome } from '../base/outcome.ts';
import type { Endpoint, Listening, TlsIdentity } from '../base/port/net.ts';
import type { Signals } from '../base/port/signals.ts';
import { decideRenewal, type HeldCertificate } from '../services/setup/setup.ts';
import type { TlsIdentitySource } from './tls-identities.ts';

export type KeeperOptions = {
  /** Of the office's data. */
  readonly folder: string;
  /** In the folder of certificates. Default: the office's own. */
  readonly file?: string;
  readonly names: readonly string[];
  readonly issuer: AcmeIssuer;
  /** Shown while there is nothing better. */
  readonly standIn: TlsIdentitySource;
  readonly timers: Timers;
  readonly signals: Signals;
};

export type CertificateKeeper = {
  readonly identity: TlsIdentitySource;
  readonly stop: () => void;
};

/** No timer of the system runs longer than some weeks. */
const longestWaitMs = 24 * 3_600_000;

export function keepCertificate(options: KeeperOptions): CertificateKeeper {
  const keeper = new Keeper(options);
  keeper.start();
  return { identity: () => keeper.identity(), stop: () => keeper.stop() };
}

type Held = { readonly identity: TlsIdentity; readonly facts: HeldCertificate };

class Keeper {
  readonly #options: KeeperOptions;
  readonly #file: string;
  #held: Held | undefined;
  #failures = 0;
  #triedAtMs = 0;
  #isOver = false;
  #cancel: () => void = () => {};

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#file = join(certificateFolder(options.folder), options.file ?? 'authority.pem');
    this.#held = readHeld(this.#file);
  }

  identity(): TlsIdentity {
    return this.#held?.identity ?? this.#options.standIn();
  }

  start(): void {
    this.#cancel = this.#options.timers.after(0, () => void this.#turn());
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel();
  }

  async #turn(): Promise<void> {
    const { timers, names } = this.#options;
    const facts = { wanted: names, held: this.#held?.facts, failures: this.#failures, triedAtMs: this.#triedAtMs };
    const decision = decideRenewal({ nowMs: timers.nowMs(), ...facts });
    if (decision.do === 'ask') await this.#ask(decision.why);
    if (this.#isOver) return;
    const waitMs = decision.do === 'ask' ? 1_000 : decision.untilMs - timers.nowMs();
    this.#cancel = timers.after(Math.min(Math.max(waitMs, 1_000), longestWaitMs), () => void this.#turn());
  }

  async #ask(why: string): Promise<void> {
    const { issuer, names, signals, timers } = this.#options;
    signals.emit('info', 'tls.certificate_asked_for', { names: names.join(' '), why });
    this.#triedAtMs = timers.nowMs();
    const issued = await issuer.issue(names);
    const held = issued.ok ? heldOf(issued.value) : undefined;
    if (issued.ok && held !== undefined) {
      this.#held = held;
      this.#keep(issued.value);
      signals.emit('info', 'tls.certificate_issued', { until: new Date(held.facts.notAfterMs).toISOString() });
      const next = decideRenewal({ nowMs: timers.nowMs(), wanted: names, held: held.facts, failures: 0, triedAtMs: 0 });
      if (next.do === 'wait') {
        this.#failures = 0;
        return;
      }
      // Another one would be no better, and an authority counts those that it issues.
      this.#failures++;
      const reason = `the new certificate is no help: ${next.why}; is the clock of this machine right?`;
      signals.emit('error', 'tls.certificate_of_no_use', { names: names.join(' '), reason });
      return;
    }
    this.#failures++;
    const reason = issued.ok ? 'what the authority sent is no certificate for its key' : issued.say;
    signals.emit('error', 'tls.certificate_not_issued', { names: names.join(' '), reason });
  }

  /** On a full disk it is shown all the same, and asked for again after the next start. */
  #keep(identity: TlsIdentity): void {
    try {
      keep(this.#file, identity);
    } catch (error) {
      this.#options.signals.emit('error', 'tls.certificate_not_kept', { file: this.#file, reason: String(error) });
    }
  }
}

function certificateFolder(data: string): string {
  return join(data, 'certificates');
}

/** Key and chain in one file, so that no moment has one without the other. */
function keep(file: string, { certificatePem, privateKeyPem }: TlsIdentity): void {
  writeWhole(file, `${privateKeyPem.trimEnd()}\n${certificatePem}`);
}

/** All of it or nothing, also after a power cut: half a key would be taken for one, and refused for ever. */
function writeWhole(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rmSync(`${file}.new`, { force: true }); // whatever is left of an earlier try, and whoever may read it
  writeFileSync(`${file}.new`, text, { mode: 0o600, flush: true, flag: 'wx' });
  renameSync(`${file}.new`, file);
}

function readHeld(file: string): Held | undefined {
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf('-----BEGIN CERTIFICATE-----');
  return from < 0 ? undefined : heldOf({ privateKeyPem: text.slice(0, from), certificatePem: text.slice(from) });
}

/** Undefined where the two do not belong together: then a new one is asked for. */
function heldOf(identity: TlsIdentity): Held | undefined {
  try {
    const certificate = new X509Certificate(identity.certificatePem);
    if (!certificate.checkPrivateKey(createPrivateKey(identity.privateKeyPem))) return undefined;
    const names = (certificate.subjectAltName ?? '').split(/, */).map((each) => each.replace(/^DNS:/, ''));
    const [notBeforeMs, notAfterMs] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()];
    return { identity, facts: { names, notBeforeMs, notAfterMs } };
  } catch {
    return undefined;
  }
}

/** The account's key, made once. */
export async function accountKey(data: string): Promise<string> {
  const path = join(certificateFolder(data), 'account-key.pem');
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const { makeAccountKey } = await import('../adapters/certificates/acme-issuer.ts');
  const pem = await makeAccountKey();
  writeWhole(path, pem);
  return pem;
}

const challengePath = '/.well-known/acme-challenge/'; // RFC 8555 §8.3

/** http-01: what has to be shown now, at an endpoint that port 80 leads to. Everything else there is sent on to https. */
export async function openHttpChallenges(
  at: Endpoint,
  ports: { readonly timers: Timers; readonly signals: Signals },
): Promise<Pick<Challenges, 'show' | 'take'> & Pick<Listening, 'close' | 'endpoint'>> {
  const shown = new Map<string, string>();
  const answer = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const text = url.pathname.startsWith(challengePath) && shown.get(url.pathname.slice(challengePath.length));
    if (text) return new Response(text, { headers: { 'Content-Type': 'application/octet-stream' } });
    if (request.method !== 'GET' && request.method !== 'HEAD') return new Response(null, { status: 405 });
    return new Response(null, { status: 308, headers: { Location: `https://${url.hostname}${url.pathname}` } });
  };
  const listening = await serveHttp(answer, { at, ...ports, limits: { connections: 100 } });
  return {
    endpoint: listening.endpoint,
    close: () => listening.close(),
    show: async ({ token, text }) => void shown.set(token, text),
    take: async ({ token }) => void shown.delete(token),
  };
}

/** Asks for one certificate after the other: an authority does not like many at once. */
export function oneAtATime(issuer: AcmeIssuer): AcmeIssuer {
  let last: Promise<unknown> = Promise.resolve();
  return {
    issue: (names) => {
      const issued = last.then(() => issuer.issue(names));
      last = issued;
      return issued;
    },
  };
}

type Ways = Readonly<Partial<Record<Challenge['kind'], Pick<Challenges, 'show' | 'take'>>>>;

/** The ways that there are, as one. */
export function challengesBy(ways: Ways): Challenges {
  const kinds = (['http-01', 'dns-01'] as const).filter((kind) => ways[kind] !== undefined);
  const way = ({ kind }: Challenge) => {
    const found = ways[kind];
    if (found === undefined) throw new Fault('NO_CHALLENGE', `the authority asks for ${kind}, which is not set up`);
    return found;
  };
  return {
    kinds,
    show: (challenge) => way(challenge).show(challenge),
    take: (challenge) => way(challenge).take(challenge),
  };
}

/** An outcome as the library wants it. */
export function orFault(outcome: Outcome<unknown, string>): void {
  if (!outcome.ok) throw new Fault('CHALLENGE', outcome.say);
}
