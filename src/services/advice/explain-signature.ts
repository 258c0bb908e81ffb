/**
 * Each DKIM-Signature field, tag by tag, in plain sentences (RFC 6376 §3.5), and what it does not cover. What needs no DNS is
 * checked: whether the body is still the one that was signed. Pure.
 */
import { latin1 } from '../../base/bytes.ts';
import {
  bodyBytes,
  fieldBody,
  fieldsNamed,
  type HeaderField,
  type MessageIndex,
} from '../../format/message/message-index.ts';
import { parseTagList, type TagList, withoutBlanks } from '../../format/tag-list.ts';
import { BodyHasher } from '../../protocol/dkim/body-hasher.ts';
import { dkimProblems } from '../../protocol/dkim/problems.ts';
import { readSignature, type Signature } from '../../protocol/dkim/signature.ts';
import type { ExplainedSignature, ExplainedTag, Remark } from './types.ts';

const signaturesMax = 20;
/** Fields whose change a reader would notice. The rest changes on the way without harm. */
const worthCovering = [
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'reply-to',
  'message-id',
  'content-type',
  'mime-version',
  'list-unsubscribe',
  'list-unsubscribe-post',
];

export function explainSignatures(index: MessageIndex, nowSeconds: number): ExplainedSignature[] {
  const fields = fieldsNamed(index, 'dkim-signature').slice(0, signaturesMax);
  const readings = fields.map((field) => readSignature(index, field, 'dkim'));
  const signatures = readings.flatMap((reading) => (reading.ok ? [reading.value] : []));
  const bodies = hashBody(index, signatures);
  return fields.map((field, at) => {
    const reading = readings[at];
    const tags = parseTagList(latin1(fieldBody(index, field)));
    const explained = tags.ok ? explainTags(tags.value, index, field) : [];
    if (reading === undefined || !reading.ok) {
      const problem = reading === undefined ? 'the field cannot be read' : dkimProblems[reading.problem].say;
      const named = reading?.named ?? { domain: '', selector: '' };
      return {
        domain: named.domain,
        selector: named.selector,
        tags: explained,
        uncovered: [],
        remarks: [{ kind: 'bad', say: `it proves nothing: ${problem}` }],
      };
    }
    const { value } = reading;
    const bodyIntact = bodies(value);
    const uncovered = uncoveredFields(index, value);
    return {
      domain: value.domain,
      selector: value.selector,
      keyName: value.keyName,
      tags: explained,
      uncovered,
      ...(bodyIntact !== undefined && { bodyIntact }),
      remarks: remarksOn(value, { bodyIntact, uncovered, nowSeconds }),
    };
  });
}

/** One pass over the body for all of them. */
function hashBody(index: MessageIndex, signatures: readonly Signature[]): (one: Signature) => boolean | undefined {
  const hasher = new BodyHasher();
  for (const { bodyForm, bodyOctets } of signatures) hasher.want(bodyForm, bodyOctets);
  hasher.update(bodyBytes(index));
  hasher.end();
  return ({ bodyForm, bodyOctets, bodyHash }) => {
    const { base64 } = hasher.result(bodyForm, bodyOctets);
    return base64 === undefined ? undefined : base64 === bodyHash;
  };
}

function uncoveredFields(index: MessageIndex, { fieldNames }: Signature): string[] {
  const left = new Map<string, number>();
  for (const name of fieldNames) left.set(name, (left.get(name) ?? 0) + 1);
  return worthCovering.filter((name) => (index.byName.get(name)?.length ?? 0) > (left.get(name) ?? 0)).map(titleCase);
}

type Known = {
  readonly bodyIntact: boolean | undefined;
  readonly uncovered: readonly string[];
  readonly nowSeconds: number;
};

function remarksOn(signature: Signature, { bodyIntact, uncovered, nowSeconds }: Known): Remark[] {
  const { bodyOctets, expiresAtSeconds } = signature;
  const remarks: Remark[] = [];
  if (bodyIntact === true) remarks.push({ kind: 'good', say: 'the body is still what was signed' });
  if (bodyIntact === false)
    remarks.push({
      kind: 'bad',
      say: 'the body is not what was signed: something on the way changed it (a list, a footer, a virus scanner), or this copy was edited',
    });
  if (bodyOctets !== undefined && bodyIntact === undefined)
    remarks.push({ kind: 'bad', say: `it proves nothing: ${dkimProblems['length-beyond-body'].say}` });
  else if (bodyOctets !== undefined)
    remarks.push({
      kind: 'bad',
      say: `l= covers only the first ${bodyOctets} octets of the body: anybody can add text below, and the signature still holds`,
    });
  if (uncovered.length > 0)
    remarks.push({ kind: 'note', say: `not covered, so anybody on the way may change it: ${uncovered.join(', ')}` });
  if (expiresAtSeconds !== undefined && expiresAtSeconds < nowSeconds)
    remarks.push({ kind: 'note', say: 'its time is over by now; when the message arrived it may have been valid' });
  return remarks;
}

function explainTags(tags: TagList, index: MessageIndex, field: HeaderField): ExplainedTag[] {
  return [...tags].map(([tag, { value }]) => {
    const bare = withoutBlanks(value);
    const explain = sentences[tag];
    const text = tag === 'h' || tag === 'b' || tag === 'bh' ? bare : value.replace(/\s+/g, ' ');
    return {
      tag,
      value: text,
      say: explain?.(bare, { tags, index, field }) ?? 'no tag of the standard: everybody ignores it',
    };
  });
}

type Context = { readonly tags: TagList; readonly index: MessageIndex; readonly field: HeaderField };

/** RFC 6376 §3.5, tag by tag. */
const sentences: Readonly<Record<string, (value: string, context: Context) => string>> = {
  v: (value) => (value === '1' ? 'version 1, the only one there is' : 'not version 1: nobody can check it'),
  a: (value) =>
    ({
      'rsa-sha256': 'signed with an RSA key over a SHA-256 hash, what everybody understands',
      'ed25519-sha256':
        'signed with a short Ed25519 key; receivers that do not know it need an RSA signature beside it',
      'rsa-sha1': 'RSA over SHA-1: retired, it proves nothing any more',
    })[value] ?? 'an algorithm nobody knows',
  c: (value) => canonicalization(value),
  d: () => 'the domain that takes responsibility for this message',
  s: (value, { tags }) =>
    `which of its keys: the TXT record at ${value}._domainkey.${tags.get('d')?.value ?? '?'} holds the public half`,
  h: (value, context) => coverage(value, context),
  bh: () => 'the hash of the body: if one letter changes, it no longer fits',
  b: () => 'the signature itself, over the fields named in h= and the hash of the body',
  t: (value) => `signed ${moment(value)}`,
  x: (value) => `valid until ${moment(value)}`,
  l: (value) => `only the first ${value} octets of the body are covered`,
  i: () => 'on behalf of this user or sub-domain of d=; nobody but the signer has checked that',
  q: () => 'where the key is: in DNS, as always',
  z: () => 'a copy of some fields as they were when signed, for finding out what changed',
};

function canonicalization(value: string): string {
  const [header = '', body = 'simple'] = value.split('/');
  const ofHeader =
    header === 'relaxed'
      ? 'in the header, folding and blanks may change on the way'
      : 'in the header, not one octet may change';
  const ofBody =
    body === 'relaxed'
      ? 'in the body, blanks at line ends and double blanks may'
      : 'in the body, only empty lines at the end may';
  return `${ofHeader}; ${ofBody}`;
}

function coverage(value: string, { index }: Context): string {
  const counts = new Map<string, number>();
  for (const name of value.toLowerCase().split(':')) if (name !== '') counts.set(name, (counts.get(name) ?? 0) + 1);
  const present = (name: string) => index.byName.get(name)?.length ?? 0;
  const covered = [...counts.keys()].filter((name) => present(name) > 0).map(titleCase);
  const guarded = [...counts].filter(([name, count]) => count > present(name)).map(([name]) => titleCase(name));
  const covers = `covers ${covered.length === 0 ? 'no field that is there' : covered.join(', ')}`;
  return guarded.length === 0 ? covers : `${covers}; and nobody can add another ${guarded.join(', ')}`;
}

function moment(seconds: string): string {
  return /^[0-9]{1,12}$/.test(seconds)
    ? `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
    : 'at a time that cannot be read';
}

function titleCase(name: string): string {
  return name
    .replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())
    .replace(/^(Mime|Id|Arc)-/, (start) => start.toUpperCase())
    .replace(/-Id$/, '-ID');
}
