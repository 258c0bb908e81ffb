/**
 * Which service a message was sent through, by the names it left, and what that service wants in DNS so that its mail speaks for the
 * domain in From. What only the service can tell stands as `<name>` in a record. Pure.
 */
import type { DomainName } from '../../../../format/domain-name.ts';
import { recognise, senderWants, signsOfSource } from '../../../setup/setup.ts';
import type { Catalogue, RecordPurpose, RecordTemplate, SenderDefinition, SenderWants } from '../../../setup/types.ts';
import type { Fix, FixRecord } from '../../types.ts';

export type ServiceSigns = {
  /** The organizational domain of From. */
  readonly author: DomainName;
  readonly signatures: readonly { readonly domain: string; readonly selector: string }[];
  readonly mailFrom: readonly string[];
  readonly hosts: readonly string[];
};

export function findService(catalogue: Catalogue, domain: DomainName, signs: ServiceSigns): SenderWants | undefined {
  const found = recognise(catalogue, signsOfSource(signs)).senders.find(({ sender }) => sender.sends)?.sender;
  if (found === undefined) return undefined;
  const wants = senderWants(found, domain, learnFromNames(found, signs.mailFrom));
  return wants.ok ? wants.value : undefined;
}

const hole = /\{([a-z0-9-]+)\}/g;

/** A return path like `u123.wl45.sendgrid.net` already holds what the account's records will. */
function learnFromNames(
  { records, parameters }: SenderDefinition,
  names: readonly string[],
): Readonly<Record<string, string>> {
  for (const { value, type } of records) {
    if (type !== 'CNAME' || !value.includes('{')) continue;
    const form = patternOf(value, parameters);
    const match = form && names.map((name) => form.exec(name)).find((one) => one !== null);
    if (match?.groups !== undefined) return { ...match.groups };
  }
  return {};
}

/** Only of holes that are parameters, each once: the domain itself tells nothing. */
function patternOf(value: string, parameters: SenderDefinition['parameters']): RegExp | undefined {
  const names = [...value.matchAll(hole)].map(([, name = '']) => name);
  const isFit = names.every((name) => /^[a-z]+$/.test(name) && parameters.some((one) => one.name === name));
  if (!isFit || new Set(names).size < names.length) return undefined;
  const text = value.split(hole).map((part, at) => (at % 2 === 0 ? part.replaceAll('.', '\\.') : patternFor(part)));
  return new RegExp(`^${text.join('')}$`);

  function patternFor(name: string): string {
    return `(?<${name}>${parameters.find((one) => one.name === name)?.pattern ?? '[a-z0-9-]+'})`;
  }
}

/** Everything that makes its mail speak for the domain. */
export function signingFix(wants: SenderWants): Fix {
  return fixOf(wants, ['dkim', 'return-path', 'verification']);
}

/** Where bounces go below the domain, so that SPF speaks for it. */
export function returnPathFix(wants: SenderWants): Fix {
  const fix = fixOf(wants, ['return-path']);
  const { name, aligns } = wants.sender;
  if (aligns.spf === 'no')
    return {
      ...fix,
      steps: [`${name} offers no return path of your own: a DKIM signature of ${wants.domain} is the way.`],
    };
  if (fix.set.length === 0) return fix;
  const told = (fix.steps ?? []).filter((step) => step.startsWith('<'));
  return {
    ...fix,
    steps: [`Have ${name} send bounces to a name below ${wants.domain}.`, publish(fix.set.length), ...told],
  };
}

function fixOf(wants: SenderWants, purposes: readonly RecordPurpose[]): Fix {
  const complete = wants.records.filter(({ purpose, needed }) => purposes.includes(purpose) && needed !== 'optional');
  const open = [...new Set(wants.missing.flatMap(({ records }) => records))].filter(
    ({ purpose, needed }) => purposes.includes(purpose) && needed !== 'optional',
  );
  const below = purposes.includes('return-path') ? spfBelow(wants) : [];
  const set = [
    ...complete.map(({ name, type, value }): FixRecord => ({ name, type, value })),
    ...open.map((template) => openRecord(template, wants)),
    ...below,
  ];
  const holes = wants.missing.filter(({ records }) => records.some((one) => open.includes(one)));
  const told = holes.map(({ parameter }) => `<${parameter.name}> is ${parameter.what}, like ${parameter.example}.`);
  const steps = wants.steps.map((step) => (step === '{records}' ? publish(set.length) : step));
  return { delete: [], set, steps: [...steps, ...told] };
}

const publish = (count: number) =>
  count === 0 ? 'Publish the records it shows you.' : `Publish ${count === 1 ? 'this record' : 'these records'}.`;

function openRecord({ name, type, value }: RecordTemplate, { values, domain }: SenderWants): FixRecord {
  const filled = (text: string) => text.replaceAll(hole, (_, one: string) => values[one] ?? `<${one}>`);
  const owner = filled(name);
  return {
    name: owner === '@' ? domain : owner.endsWith('.') ? owner.slice(0, -1) : `${owner}.${domain}`,
    type,
    value: filled(value),
  };
}

/** The SPF record of a return path below the domain; that of the domain itself is shared, and merged elsewhere. */
function spfBelow({ spf, domain }: SenderWants): readonly FixRecord[] {
  return spf
    .filter(({ name }) => name !== domain)
    .map(({ name, terms }) => ({ name, type: 'TXT', value: `v=spf1 ${terms.join(' ')} ~all` }));
}
