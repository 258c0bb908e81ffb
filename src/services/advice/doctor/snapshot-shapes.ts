/**
 * What the answers in a snapshot look like, so that rules never meet anything else: by the kind of question, each member tested. A
 * sentence tells what does not fit; undefined when all does. Pure.
 */
import { parseQueryName } from '../../../format/domain-name.ts';

type Plain = Readonly<Record<string, unknown>>;
type Fits = (value: unknown) => boolean;

export function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

export const isText = (value: unknown): value is string => typeof value === 'string';
export const isTexts = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);
const isFlag: Fits = (value) => typeof value === 'boolean';
const isNumber: Fits = (value) => typeof value === 'number' && Number.isFinite(value);
/** The times that a `Date` can hold. */
const timeMax = 8.64e15;
export const isTime = (value: unknown): value is number => typeof value === 'number' && Math.abs(value) <= timeMax;
const isWhole: Fits = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isOctets: Fits = (value) => value instanceof Uint8Array;
const oneOf =
  (...words: readonly string[]): Fits =>
  (value) =>
    isText(value) && words.includes(value);
const listOf =
  (item: Fits): Fits =>
  (value) =>
    Array.isArray(value) && value.every(item);
const maybe =
  (fits: Fits): Fits =>
  (value) =>
    value === undefined || fits(value);
const members =
  (shape: Readonly<Record<string, Fits>>): Fits =>
  (value) =>
    isPlain(value) && Object.entries(shape).every(([name, fits]) => fits(value[name]));
const recordOf =
  (item: Fits): Fits =>
  (value) =>
    isPlain(value) && Object.values(value).every(item);
const anyOf =
  (...shapes: readonly Fits[]): Fits =>
  (value) =>
    shapes.some((fits) => fits(value));
const its =
  (member: string, word: unknown, shape: Readonly<Record<string, Fits>>): Fits =>
  (value) =>
    isPlain(value) && value[member] === word && members(shape)(value);

/** By the type of the question. */
const recordShapes: Readonly<Record<string, Fits>> = {
  A: isText,
  AAAA: isText,
  TXT: isText,
  SPF: isText,
  PTR: isText,
  NS: isText,
  CNAME: isText,
  MX: members({ preference: isWhole, exchange: isText }),
  TLSA: members({ usage: isWhole, selector: isWhole, matching: isWhole, data: isOctets }),
  SOA: members({ primary: isText, mailbox: isText, serial: isWhole, minimum: isWhole }),
  CAA: members({ flags: isWhole, tag: isText, value: isText }),
  SRV: members({ priority: isWhole, weight: isWhole, port: isWhole, target: isText }),
  DS: members({ keyTag: isWhole, algorithm: isWhole, digestType: isWhole, digest: isOctets }),
  DNSKEY: members({ flags: isWhole, protocol: isWhole, algorithm: isWhole, key: isOctets }),
};

function dnsAnswer(record: Fits): Fits {
  return anyOf(
    its('kind', 'found', {
      records: listOf(record),
      ttlSeconds: isNumber,
      secure: isFlag,
      canonicalName: maybe(isText),
    }),
    its('kind', 'none', { why: oneOf('nxdomain', 'nodata'), ttlSeconds: isNumber, secure: isFlag }),
    its('kind', 'failed', { why: oneOf('timeout', 'servfail', 'bogus') }),
  );
}

function authoritiesAnswer(record: Fits): Fits {
  const one = members({ server: isText, answer: dnsAnswer(record) });
  return anyOf(
    its('kind', 'asked', {
      zone: isText,
      answers: (value) => listOf(one)(value) && (value as readonly unknown[]).length > 0,
    }),
    its('kind', 'failed', { say: isText }),
  );
}

const tls = members({
  protocol: isText,
  cipher: isText,
  chain: listOf(isText),
  certificateProblem: maybe(isText),
});
const mailHost = anyOf(
  its('kind', 'seen', {
    address: isText,
    greeting: isText,
    offersStartTls: isFlag,
    tls: maybe(tls),
    tlsProblem: maybe(isText),
    accepts: recordOf(isText),
  }),
  its('kind', 'failed', { why: isText }),
);
const policyFile = anyOf(
  its('ok', true, { octets: isOctets }),
  its('ok', false, { code: oneOf('fetch-error', 'certificate'), say: isText }),
);
const file = anyOf(its('ok', true, { octets: isOctets, mediaType: isText }), its('ok', false, { say: isText }));
const registration = anyOf(
  its('kind', 'told', { untilMs: isTime, server: isText }),
  its('kind', 'unknown', { why: isText }),
);
const namesBelow = listOf(members({ name: isText, types: isTexts }));

const otherShapes: Readonly<Record<string, Fits>> = {
  mailHost,
  policyFile,
  file,
  port25: oneOf('open', 'blocked', 'unknown'),
  registration,
  namesBelow,
};

export function answerMisfit(key: string, answer: unknown): string | undefined {
  const [kind = '', ...rest] = key.split(' ');
  const isDns = kind === 'dns' || kind === 'authorities';
  if (!isDns) {
    const fits = Object.hasOwn(otherShapes, kind) ? otherShapes[kind] : undefined;
    if (fits === undefined) return 'nobody asks that';
    return fits(answer) ? undefined : 'this is no answer to that';
  }
  const [type = '', name = '', ...more] = rest;
  const record = Object.hasOwn(recordShapes, type) ? recordShapes[type] : undefined;
  if (record === undefined || more.length > 0 || parseQueryName(name) === undefined) return 'nobody asks that';
  const fits = kind === 'dns' ? dnsAnswer(record) : authoritiesAnswer(record);
  return fits(answer) ? undefined : `this is no answer to a question for ${type}`;
}

const office = members({
  hostname: isText,
  receives: isFlag,
  keys: listOf(
    members({
      selector: isText,
      record: isText,
      state: oneOf('pending', 'active', 'retiring', 'retired'),
      createdAtMs: isNumber,
    }),
  ),
  unchangedSinceMs: recordOf(isNumber),
  planned: recordOf(isTexts),
  stsMode: maybe(oneOf('enforce', 'testing', 'none')),
  writesToLists: maybe(isFlag),
});
const reports = members({
  days: isNumber,
  selectorsSeen: isTexts,
  bySender: recordOf(members({ messages: isNumber, alignedSpf: isNumber, alignedDkim: isNumber })),
  mayTighten: maybe(isFlag),
});

export function officeMisfit(value: unknown): string | undefined {
  return maybe(office)(value) ? undefined : 'office: this is not what an office knows';
}

export function reportsMisfit(value: unknown): string | undefined {
  return maybe(reports)(value) ? undefined : 'reports: this is not what reports tell';
}
