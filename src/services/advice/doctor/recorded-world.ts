/**
 * A world that remembers what it showed. Every question is asked once, whoever asks, and its answer goes into a snapshot; a world made
 * of a snapshot gives the same answers again, anywhere, and asks nobody. Questions, octets and time have limits: what was not asked
 * because of one of them is told apart from what was not answered.
 */
import type { QueryName } from '../../../format/domain-name.ts';
import type { AuthoritiesAnswer } from '../../../protocol/dns/authorities.ts';
import type { DnsAnswer, RecordData, RecordType } from '../../../protocol/dns/types.ts';
import type { FindingEvidence } from '../types.ts';
import { hostText, showAnswer } from './show-answer.ts';
import type { DoctorWorld, HostProbe, Probes, RegistrationAnswer, ShowEvidence } from './types.ts';

/** By `dns TXT _dmarc.example.com`, `authorities NS example.com`, `mailHost {"host":"mx.example.com"}`: what came back, as plain JSON. */
type Answers = Map<string, unknown>;

export type WorldLimits = {
  readonly questionsMax: number;
  /** Of all answers together. */
  readonly octetsMax: number;
  /** Aborts when the time is up, or, with words for its reason, because nothing more is to be learnt. */
  readonly signal?: AbortSignal;
};

/** Our choice: a domain with 20 senders takes some 400 questions and 200 KB. */
export const worldLimits: WorldLimits = { questionsMax: 3_000, octetsMax: 16 * 1024 * 1024 };

export type Recorded = {
  readonly answers: Answers;
  /** By the same keys: why nobody was asked. */
  readonly unasked: Map<string, string>;
};

export type RecordedWorld = Recorded & { readonly world: DoctorWorld; readonly show: ShowEvidence };

export function recordedWorld(
  live: DoctorWorld,
  limits: WorldLimits = worldLimits,
  { answers, unasked }: Recorded = { answers: new Map(), unasked: new Map() },
): RecordedWorld {
  const memory = new Memory({ answers, unasked }, limits);
  return {
    world: rememberingWorld(live, memory),
    answers,
    unasked,
    show: (name, type, server) => shown({ answers, unasked }, { name, type, server, resolver: live.resolverName }),
  };
}

const cut = Symbol('cut');

class Memory {
  readonly #recorded: Recorded;
  readonly #limits: WorldLimits;
  readonly #asked = new Map<string, Promise<unknown>>();
  readonly #timeUp: Promise<typeof cut>;
  #questions = 0;
  #octets = 0;

  constructor(recorded: Recorded, limits: WorldLimits) {
    this.#recorded = recorded;
    this.#limits = limits;
    this.#timeUp = new Promise((resolve) =>
      limits.signal?.addEventListener('abort', () => resolve(cut), { once: true }),
    );
  }

  /** @param otherwise what is answered where a limit is in the way */
  of<T>(key: string, ask: (options: { readonly signal?: AbortSignal }) => Promise<T>, otherwise: T): Promise<T> {
    const known = this.#asked.get(key) as Promise<T> | undefined;
    if (known !== undefined) return known;
    const answer = this.#answer(key, ask, otherwise);
    this.#asked.set(key, answer);
    return answer;
  }

  async #answer<T>(
    key: string,
    ask: (options: { readonly signal?: AbortSignal }) => Promise<T>,
    otherwise: T,
  ): Promise<T> {
    const { answers, unasked } = this.#recorded;
    if (answers.has(key)) return answers.get(key) as T;
    if (unasked.has(key)) return otherwise;
    const obstacle = this.#obstacle();
    if (obstacle !== undefined) return this.#leave(key, obstacle, otherwise);
    this.#questions++;
    const { signal } = this.#limits;
    const came = await Promise.race([ask(signal ? { signal } : {}), this.#timeUp]);
    if (came === cut || signal?.aborted)
      return this.#leave(key, wordsOf(signal) ?? 'no answer before the time was up', otherwise);
    this.#octets += octetsOf(came);
    answers.set(key, came);
    return came;
  }

  #leave<T>(key: string, why: string, otherwise: T): T {
    this.#recorded.unasked.set(key, why);
    return otherwise;
  }

  #obstacle(): string | undefined {
    const { questionsMax, octetsMax, signal } = this.#limits;
    if (signal?.aborted) return `not asked: ${wordsOf(signal) ?? 'the time was up'}`;
    if (this.#questions >= questionsMax) return `not asked: ${questionsMax} questions had been asked already`;
    if (this.#octets >= octetsMax) return `not asked: there had been ${octetsMax} octets of answers already`;
    return undefined;
  }
}

function wordsOf(signal: AbortSignal | undefined): string | undefined {
  const reason: unknown = signal?.reason;
  return typeof reason === 'string' ? reason : undefined;
}

/** About what an answer takes. */
function octetsOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce((sum: number, member: unknown) => sum + octetsOf(member), 16);
}

const noAnswer = { kind: 'failed', why: 'timeout' } as const;
const noTime = 'there was no time left, or too much had been asked already';

function rememberingWorld(live: DoctorWorld, memory: Memory): DoctorWorld {
  const { authorities, resolver, zoneText } = live;
  return {
    ...live,
    resolver: {
      lookup: (name, type) =>
        memory.of(`dns ${type} ${name}`, (options) => resolver.lookup(name, type, options), noAnswer),
    },
    ...(authorities && {
      authorities: {
        lookup: <T extends RecordType>(name: QueryName, type: T) =>
          memory.of<AuthoritiesAnswer<RecordData[T]>>(
            `authorities ${type} ${name}`,
            (options) => authorities.lookup(name, type, options),
            { kind: 'failed', say: noTime },
          ),
      },
    }),
    ...(zoneText && {
      zoneText: {
        namesBelow: (domain) => memory.of(`namesBelow ${domain}`, () => zoneText.namesBelow(domain), []),
      },
    }),
    probes: rememberingProbes(live.probes, memory),
  };
}

function rememberingProbes({ mailHost, policyFile, file, port25, registration }: Probes, memory: Memory): Probes {
  return {
    ...(mailHost && {
      mailHost: (wish) =>
        memory.of<HostProbe>(`mailHost ${JSON.stringify(wish)}`, () => mailHost(wish), { kind: 'failed', why: noTime }),
    }),
    ...(policyFile && {
      policyFile: (domain) =>
        memory.of(`policyFile ${domain}`, () => policyFile(domain), {
          ok: false,
          code: 'fetch-error',
          say: noTime,
          isUnasked: true,
        }),
    }),
    ...(file && {
      file: (url, wish) => memory.of(`file ${url}`, () => file(url, wish), { ok: false, say: noTime, isUnasked: true }),
    }),
    ...(port25 && { port25: (host) => memory.of(`port25 ${host}`, () => port25(host), 'unknown') }),
    ...(registration && {
      registration: (domain) =>
        memory.of<RegistrationAnswer>(`registration ${domain}`, () => registration(domain), {
          kind: 'unknown',
          why: noTime,
        }),
    }),
  };
}

// ---- evidence

type Wanted = {
  readonly name: string;
  readonly type: string;
  readonly server: string | undefined;
  readonly resolver: string | undefined;
};

type Answered = { readonly key: string; readonly say: (came: unknown) => Omit<FindingEvidence, 'query'> };

function shown({ answers, unasked }: Recorded, wanted: Wanted): FindingEvidence {
  const query =
    wanted.type === 'SMTP' || wanted.type === 'PORT25' ? `SMTP ${wanted.name}:25` : `${wanted.type} ${wanted.name}`;
  for (const { key, say } of whereItMayBe(wanted, () => [...answers.keys(), ...unasked.keys()])) {
    if (answers.has(key)) return { query, ...say(answers.get(key)) };
    const why = unasked.get(key);
    if (why !== undefined) return { query, answer: why };
  }
  return { query, answer: 'not asked' };
}

function whereItMayBe({ name, type, server, resolver }: Wanted, keys: () => readonly string[]): readonly Answered[] {
  if (type === 'SMTP')
    return keys()
      .filter((key) => key.startsWith(`mailHost {"host":${JSON.stringify(name)},`))
      .map((key) => ({ key, say: (came) => hostEvidence(came as HostProbe) }));
  if (type === 'PORT25') return [{ key: `port25 ${name}`, say: (came) => ({ answer: `port 25: ${came as string}` }) }];
  if (type === 'HTTPS') {
    const policy = /^https:\/\/mta-sts\.([^/]+)\/\.well-known\/mta-sts\.txt$/.exec(name)?.[1];
    const say = (came: unknown) => ({ answer: fileText(came as FileAnswer) });
    return [{ key: `file ${name}`, say }, ...(policy === undefined ? [] : [{ key: `policyFile ${policy}`, say }])];
  }
  const asType = type as RecordType;
  if (server !== undefined)
    return [
      {
        key: `authorities ${type} ${name}`,
        say: (came) => ({ ...serverEvidence(came as AuthoritiesAnswer<never>, asType, server), server }),
      },
    ];
  return [
    {
      key: `dns ${type} ${name}`,
      say: (came) => ({ ...dnsEvidence(came as DnsAnswer<never>, asType), ...(resolver && { server: resolver }) }),
    },
  ];
}

function dnsEvidence(answer: DnsAnswer<never>, type: RecordType): Omit<FindingEvidence, 'query'> {
  return { answer: showAnswer(type, answer), ...(answer.kind === 'found' && { ttl: answer.ttlSeconds }) };
}

function serverEvidence(
  said: AuthoritiesAnswer<never>,
  type: RecordType,
  server: string,
): Omit<FindingEvidence, 'query'> {
  if (said.kind === 'failed') return { answer: said.say };
  const one = said.answers.find((each) => each.server === server);
  return one === undefined ? { answer: 'not asked' } : dnsEvidence(one.answer, type);
}

function hostEvidence(probe: HostProbe): Omit<FindingEvidence, 'query'> {
  return { answer: hostText(probe), ...(probe.kind === 'seen' && { server: probe.address }) };
}

type FileAnswer =
  | { readonly ok: true; readonly octets: Uint8Array; readonly mediaType?: string }
  | { readonly ok: false; readonly say: string };

/** Its beginning: a logo is long, a policy is not. */
const fileShownMax = 600;

function fileText(file: FileAnswer): string {
  if (!file.ok) return file.say;
  const text = new TextDecoder('latin1').decode(file.octets.subarray(0, fileShownMax)).trim();
  const isWhole = file.octets.length <= fileShownMax;
  return `${file.octets.length} octets: ${text.replaceAll(/\r?\n/g, ' | ')}${isWhole ? '' : ' ...'}`;
}
