/**
 * What receivers wrote into the header about who sent the message: Authentication-Results (RFC 8601), the copies of it that ARC
 * keeps (RFC 8617), and Received-SPF (RFC 7208 §9.1), each entry in one sentence. Pure.
 */
import { concat, fromLatin1 } from '../../base/bytes.ts';
import { accept } from '../../base/outcome.ts';
import {
  fieldBody,
  fieldsNamed,
  type HeaderField,
  type MessageIndex,
  unfold,
} from '../../format/message/message-index.ts';
import { parseAuthenticationResults } from '../../protocol/auth-results/parse-auth-results.ts';
import type { ReadAuthResult, ReadAuthResults } from '../../protocol/auth-results/types.ts';
import type { Evidence, ExplainedResult, ExplainedResults, Remark } from './types.ts';

const fieldsMax = 30;

export function explainResults(index: MessageIndex): ExplainedResults[] {
  const own = fieldsNamed(index, 'authentication-results')
    .slice(0, fieldsMax)
    .map((field) => explainField(index, field));
  const arc = fieldsNamed(index, 'arc-authentication-results')
    .slice(0, fieldsMax)
    .map((field) => explainArc(index, field));
  const spf = fieldsNamed(index, 'received-spf')
    .slice(0, fieldsMax)
    .map((field) => explainReceivedSpf(index, field));
  const ofReceiver = fieldsOfReceiver(index).length;
  return [
    ...own.map((one, at) => ({ ...one, remarks: [...one.remarks, ...standing(at, ofReceiver)] })),
    ...arc,
    ...spf,
  ];
}

/** RFC 8601 §7.1: whoever sends can write such a field; only the one your own mail provider put on top is to be believed. */
function standing(at: number, ofReceiver: number): Remark[] {
  if (at === 0)
    return [{ kind: 'note', say: 'the top one: believe it when it was written by the host that delivered to you' }];
  if (at < ofReceiver) return [{ kind: 'note', say: 'by the same host as the top one, and worth as much' }];
  return [{ kind: 'note', say: 'below another one: written earlier on the way, or made up by the sender' }];
}

/** RFC 8601 §2.2 deviates: Microsoft 365 begins with the first result and leaves out who says so; '' stands for that. */
function readField(index: MessageIndex, field: HeaderField): ReturnType<typeof parseAuthenticationResults> {
  const body = fieldBody(index, field);
  const read = parseAuthenticationResults(body);
  if (read.ok) return read;
  const unnamed = parseAuthenticationResults(concat([fromLatin1('unnamed;'), body]));
  return unnamed.ok && unnamed.value.results.length > 0 ? accept({ ...unnamed.value, authservId: '' }) : read;
}

function explainField(index: MessageIndex, field: HeaderField): ExplainedResults {
  const read = readField(index, field);
  if (!read.ok)
    return {
      field: 'Authentication-Results',
      by: '',
      results: [],
      remarks: [{ kind: 'bad', say: `it cannot be read: ${read.say}` }],
    };
  const { results, remarks } = entries(read.value);
  const by = read.value.authservId;
  if (by === '') remarks.push({ kind: 'note', say: 'it does not say who wrote it; Microsoft 365 writes it so' });
  return { field: 'Authentication-Results', by, results, remarks };
}

function explainArc(index: MessageIndex, field: HeaderField): ExplainedResults {
  const text = unfold(fieldBody(index, field)).trim();
  const [, instance, rest = text] = /^i\s*=\s*(\d{1,3})\s*;(.*)$/s.exec(text) ?? [];
  const read = parseAuthenticationResults(rest);
  const numbered = instance === undefined ? {} : { instance: Number(instance) };
  if (!read.ok)
    return {
      field: 'ARC-Authentication-Results',
      by: '',
      ...numbered,
      results: [],
      remarks: [{ kind: 'bad', say: `it cannot be read: ${read.say}` }],
    };
  const remarks: Remark[] = [
    {
      kind: 'note',
      say: 'what a forwarder saw before it passed the message on; worth as much as you trust that forwarder',
    },
  ];
  const { results, remarks: own } = entries(read.value);
  return {
    field: 'ARC-Authentication-Results',
    by: read.value.authservId,
    ...numbered,
    results,
    remarks: [...own, ...remarks],
  };
}

function explainReceivedSpf(index: MessageIndex, field: HeaderField): ExplainedResults {
  const text = unfold(fieldBody(index, field)).trim();
  const result = /^[A-Za-z]+/.exec(text)?.[0]?.toLowerCase() ?? '';
  const by = /\breceiver=([A-Za-z0-9._-]{1,253})/.exec(text)?.[1] ?? /\(([A-Za-z0-9._-]{1,253}):/.exec(text)?.[1] ?? '';
  const address = /\bclient-ip=\[?([0-9A-Fa-f:.]{2,45})/.exec(text)?.[1];
  const say = `${spfSentences[result] ?? 'an SPF result nobody knows'}${address === undefined ? '' : `; the client was ${address}`}`;
  return { field: 'Received-SPF', by, results: [{ method: 'spf', result, properties: {}, say }], remarks: [] };
}

function entries({ results, unread }: ReadAuthResults): Pick<ExplainedResults, 'results'> & { remarks: Remark[] } {
  const remarks: Remark[] = [];
  if (results.length === 0 && unread.length === 0)
    remarks.push({ kind: 'note', say: 'it says that nothing was checked' });
  if (unread.length > 0)
    remarks.push({ kind: 'note', say: `${unread.length} of its entries follow no grammar and are left out` });
  return { results: results.map(explainEntry), remarks };
}

function explainEntry(one: ReadAuthResult): ExplainedResult {
  const properties = Object.fromEntries(
    one.properties.map(({ type, name, value }) => [type === '' ? name : `${type}.${name}`, value]),
  );
  const say = (sentences[one.method] ?? otherMethod)(one, new Map(Object.entries(properties)));
  return { method: one.method, result: one.result, properties, say };
}

type Properties = ReadonlyMap<string, string>;

const sentences: Readonly<Record<string, (one: ReadAuthResult, properties: Properties) => string>> = {
  spf: ({ result }, properties) => {
    const sender = properties.get('smtp.mailfrom') ?? properties.get('smtp.mail');
    const helo = properties.get('smtp.helo');
    const sentence = spfSentences[result] ?? 'an SPF result nobody knows';
    if (sender) return `${sentence} (asked of ${domainOf(sender)}, the return path, not From)`;
    // RFC 7208 §2.4: without a return path the host's own name is asked.
    return helo
      ? `${sentence.replaceAll('the return path', domainOf(helo))} (what the host called itself: there was no return path)`
      : sentence;
  },
  dkim: ({ result }, properties) => {
    const domain = signerOf(properties);
    const who = domain === '' ? 'a signature' : `the signature of ${domain}`;
    return dkimSentences[result]?.(who) ?? `${who}: a result nobody knows`;
  },
  dmarc: (one, properties) => dmarcSentence(one, properties),
  arc: ({ result }) =>
    ({
      pass: 'the seals of all forwarders hold',
      fail: 'a seal of a forwarder does not hold',
      none: 'no forwarder sealed it',
    })[result] ?? 'an ARC result nobody knows',
  iprev: ({ result }) =>
    result === 'pass'
      ? "the client's address has a name, and the name leads back to the address"
      : "the client's address has no name that leads back to it: many receivers dislike that",
  auth: ({ result }) => (result === 'pass' ? 'the sender had logged in there' : 'the sender had not logged in there'),
  compauth: ({ result }) => `Microsoft's own judgement over all of it: ${result}`,
  bimi: ({ result }) => (result === 'pass' ? 'a logo of the domain may be shown' : 'no logo of the domain is shown'),
};

function otherMethod({ method, result }: ReadAuthResult): string {
  return `${method}: ${result}`;
}

const spfSentences: Readonly<Record<string, string>> = {
  pass: 'the host that sent it is allowed to send for the return path',
  fail: 'the return path says that this host may not send for it',
  softfail: 'the return path says that this host probably may not send for it (~all)',
  neutral: 'the return path says nothing about this host (?all)',
  none: 'the return path has no SPF record',
  temperror: 'DNS failed when SPF was checked',
  permerror: 'the SPF record of the return path is broken',
};

const dkimSentences: Readonly<Record<string, (who: string) => string>> = {
  pass: (who) => `${who} holds: it was signed there and not changed since`,
  fail: (who) => `${who} does not hold: changed on the way, or signed with another key`,
  none: () => 'the message was not signed',
  neutral: (who) => `${who} could not be judged`,
  policy: (who) => `${who} holds, but the receiver does not accept its kind`,
  temperror: (who) => `${who} could not be checked: DNS failed`,
  permerror: (who) => `${who} cannot be checked: the field or the key is broken`,
};

const dispositions: Readonly<Record<string, string>> = {
  none: 'nothing was done to the message for it',
  quarantine: 'it was put into Junk for it',
  reject: 'it was refused for it',
};

/** `p=` and `sp=` in the comment are what the domain has published; `dis=` is what this receiver did. */
function dmarcSentence({ result, comments }: ReadAuthResult, properties: Properties): string {
  const from = properties.get('header.from');
  const of = from === undefined ? 'the domain in From' : from;
  const verdict =
    {
      pass: `SPF or DKIM speaks for ${of}`,
      fail: `neither SPF nor DKIM speaks for ${of}: it may be forged, or sent by a service that was never set up for it`,
      none: `${of} has no DMARC record`,
      bestguesspass: `${of} has no DMARC record; with one it would have passed`,
      temperror: 'DNS failed when DMARC was checked',
      permerror: 'the DMARC record is broken',
    }[result] ?? 'a DMARC result nobody knows';
  const said = dmarcTags(comments);
  const parts = [verdict];
  const published = said.get('p');
  if (published !== undefined)
    parts.push(`the domain asks for p=${published}${said.has('sp') ? `, sub-domains sp=${said.get('sp')}` : ''}`);
  const asked = properties.get('policy.dmarc'); // RFC 9989 §9.1: what applies to this message, not what was done
  if (asked !== undefined && result === 'fail') parts.push(`for this message that means ${asked}`);
  const done = said.get('dis') ?? properties.get('action');
  if (done !== undefined && dispositions[done] !== undefined)
    parts.push(
      `${said.has('dis') ? `dis=${done} is the disposition, what this receiver did: ` : ''}${dispositions[done]}`,
    );
  return parts.join('; ');
}

function dmarcTags(comments: readonly string[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [, tag = '', value = ''] of comments.join(' ').matchAll(/\b(p|sp|np|dis)=([A-Za-z]{1,20})\b/g))
    found.set(tag, value.toLowerCase());
  return found;
}

/**
 * The top Authentication-Results field, and those below it that the same host wrote: many write one for each check. Below the next
 * Received field stands what came with the message, whoever it names.
 */
function fieldsOfReceiver(index: MessageIndex): readonly ReadAuthResults[] {
  const fields = fieldsNamed(index, 'authentication-results').slice(0, fieldsMax);
  const received = fieldsNamed(index, 'received').find(({ start }) => start > (fields[0]?.start ?? 0));
  const own: ReadAuthResults[] = [];
  for (const field of fields) {
    const read = readField(index, field);
    const isAbove = own.length === 0 || received === undefined || field.start < received.start;
    if (!read.ok || !isAbove || (own[0] && own[0].authservId !== read.value.authservId)) break;
    own.push(read.value);
  }
  return own;
}

/** What the receiver noted, for the pictures below it. */
export function evidenceOf(index: MessageIndex): Evidence {
  const own = fieldsOfReceiver(index);
  if (own[0] === undefined) return { source: 'none', dkim: [] };
  const { authservId } = own[0];
  const results = own.flatMap((one) => one.results);
  const of = (method: string) => results.filter((one) => one.method === method);
  const properties = (one: ReadAuthResult): Properties =>
    new Map(one.properties.map(({ type, name, value }) => [`${type}.${name}`, value]));
  const [spf] = of('spf');
  const [dmarc] = of('dmarc');
  const tags = dmarcTags(dmarc?.comments ?? []);
  const done = tags.get('dis') ?? (dmarc && properties(dmarc).get('.action')); // Microsoft 365 says action=
  const sender =
    spf === undefined ? undefined : (properties(spf).get('smtp.mailfrom') ?? properties(spf).get('smtp.helo') ?? '');
  return {
    source: 'header',
    ...(authservId !== '' && { by: authservId }),
    ...(spf !== undefined && { spf: { result: spf.result, domain: domainOf(sender ?? '') } }),
    dkim: of('dkim').map((one) => ({ result: one.result, domain: signerOf(properties(one)) })),
    ...(dmarc !== undefined && {
      dmarc: {
        result: dmarc.result,
        ...(tags.has('p') && { policy: String(tags.get('p')) }),
        ...(done !== undefined && dispositions[done] !== undefined && { disposition: done }),
      },
    }),
  };
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1).toLowerCase();
}

function signerOf(properties: Properties): string {
  return (properties.get('header.d') ?? domainOf(properties.get('header.i') ?? '')).toLowerCase();
}
