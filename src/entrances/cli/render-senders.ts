/** The catalogue as a list, and one sender as a page: what it wants, what it has to be told, what is done in which order. Pure. */
import {
  type Alignment,
  type Evidence,
  type SenderDefinition,
  type SenderFamily,
  type SenderWants,
  senderFamilies,
} from '../../services/setup/types.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';

const familyTitles: Readonly<Record<SenderFamily, string>> = {
  mailbox: 'Mailboxes',
  forwarding: 'Forwarding',
  transactional: 'Mail of applications',
  campaigns: 'Campaigns and newsletters',
  support: 'Support desks',
  business: 'CRM, shops, accounting, tools',
  website: 'Websites at a web host',
  server: 'Your own servers',
};

const alignmentWords: Readonly<Record<Alignment, string>> = {
  yes: 'yes',
  'with-return-path': 'return path',
  no: 'no',
  uncertain: '?',
};

/** Whether it can: null where nobody showed it. */
function canAlign(alignment: Alignment): boolean | null {
  return alignment === 'uncertain' ? null : alignment !== 'no';
}

export function listDocument({ id, name, family, receives, sends, aligns, parameters }: SenderDefinition): object {
  return {
    id,
    name,
    family,
    receives,
    sends,
    aligns: { spf: canAlign(aligns.spf), dkim: canAlign(aligns.dkim) },
    parameters: parameters.map((one) => one.name),
  };
}

const idWidth = 25;
const nameWidth = 35;
const spfWidth = 13;

export function listLines(senders: readonly SenderDefinition[], style: Style, program: string): string[] {
  const row = (id: string, name: string, spf: string, dkim: string) =>
    `${id.padEnd(idWidth)}${cut(name, nameWidth - 1).padEnd(nameWidth)}${spf.padEnd(spfWidth)}${dkim}`.trimEnd();
  const sections = senderFamilies.flatMap((family) => {
    const here = senders.filter((sender) => sender.family === family);
    if (here.length === 0) return [];
    return [
      '',
      style.bold(familyTitles[family]),
      ...here.map(({ id, name, aligns }) => row(id, name, alignmentWords[aligns.spf], alignmentWords[aligns.dkim])),
    ];
  });
  return [
    style.dim(row('ID', 'SENDER', 'SPF ALIGNS', 'DKIM')),
    ...sections,
    '',
    style.dim('return path: only with a return path below your domain. ?: nobody showed it.'),
    `What one wants:  ${program} senders show ID`,
  ];
}

function cut(text: string, room: number): string {
  return text.length <= room ? text : `${text.slice(0, room - 1)}…`;
}

/** The definition with what it wants for the domain. */
export function senderDocument({ sender, domain, spf, records, missing, steps, traps }: SenderWants): object {
  const { aligns, traces, ...rest } = sender;
  return {
    ...rest,
    aligns: { spf: canAlign(aligns.spf), dkim: canAlign(aligns.dkim) },
    alignment: aligns,
    steps,
    traps,
    traces: Object.fromEntries(Object.entries(traces).map(([kind, patterns]) => [snake(kind), patterns])),
    wants: {
      domain,
      spf,
      records,
      missing: missing.map((one) => ({
        parameter: one.parameter.name,
        records: one.records.length,
        terms: one.terms.length,
      })),
    },
  };
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

type Page = {
  readonly domain: string;
  readonly style: Style;
  readonly columns: number | undefined;
  readonly program: string;
};

export function senderLines(wants: SenderWants, page: Page): string[] {
  const { sender } = wants;
  const { style } = page;
  return [
    `${style.bold(sender.name)} ${style.dim(`(${sender.id}, ${sender.family})`)}`,
    roleOf(sender),
    ...recordLines(wants, page),
    ...parameterLines(wants, page),
    '',
    style.bold('Steps'),
    ...wants.steps.flatMap((step, at) => item(`${at + 1}.`, stepText(step, page.domain), page)),
    ...(wants.traps.length === 0 ? [] : ['', style.bold('Mind')]),
    ...wants.traps.flatMap((trap) => item('-', trap, page)),
    '',
    ...sender.evidence
      .flatMap(({ kind, what, seen }) => item('', `${sources[kind]}, ${seen}: ${what}`, page))
      .map(style.dim),
    '',
    `Plan:  ${page.program} plan ${page.domain} --sender ${declaredForm(sender)}`,
  ];
}

const sources: Readonly<Record<Evidence['kind'], string>> = {
  template: 'Domain Connect template',
  vendor: 'its own pages',
  zones: 'seen in zones',
  secondary: "others' guides",
  known: 'not verified again',
};

function roleOf({ sends, receives, aligns }: SenderDefinition): string {
  if (aligns.spf === 'no' && aligns.dkim === 'no') return 'It cannot send as your domain: neither SPF nor DKIM aligns.';
  const role = [sends ? 'sends' : '', receives ? 'receives' : ''].filter(Boolean).join(' and ');
  const words: Readonly<Record<Alignment, string>> = {
    yes: 'aligns',
    'with-return-path': 'aligns with a return path below your domain',
    no: 'never aligns',
    uncertain: 'may align: nobody showed it',
  };
  return `${role}; SPF ${words[aligns.spf]}; DKIM ${words[aligns.dkim]}`;
}

function stepText(step: string, domain: string): string {
  return step === '{records}' ? `Publish the records above at the DNS host of ${domain}.` : step;
}

function declaredForm({ id, parameters }: SenderDefinition): string {
  const [first] = parameters.filter(({ optional, fallback }) => !optional && fallback === undefined);
  return first === undefined ? id : `${id}:${first.name}=...`;
}

function recordLines(wants: SenderWants, page: Page): string[] {
  const { sender, domain, values, records, missing } = wants;
  const { style } = page;
  const open = unique(missing.flatMap((one) => one.records)).map((template) => ({
    ...template,
    name: blanks(absolute(template.name, domain), values),
    value: blanks(template.value, values),
    why: blanks(template.why, values),
  }));
  const all = [...records, ...open];
  const terms = termLines(wants, page);
  if (all.length + terms.length === 0)
    return sender.records.length + sender.spf.length === 0 ? [] : ['', 'It wants nothing in DNS by itself.'];
  return [
    '',
    style.bold(`Records for ${page.domain}`),
    ...terms,
    ...all.flatMap(({ name, type, value, needed, why }) => [
      `  ${type.padEnd(6)} ${style.bold(visible(name))}  ${style.dim(needed)}`,
      ...item(under, visible(value), page),
      ...item(under, why, page).map(style.dim),
    ]),
  ];
}

/** What goes into SPF records; terms that lack a value with a blank. */
function termLines({ sender, domain, values, spf, missing }: SenderWants, page: Page): string[] {
  const lacking = new Set(missing.flatMap((one) => one.terms));
  const open = sender.spf.flatMap(({ at, terms, literal = false, why }) => {
    const blank = terms.filter((term) => lacking.has(term)).map((term) => blanks(term, values));
    const name = blanks(absolute(at, domain), values);
    return blank.length === 0 ? [] : [{ name, terms: blank, literal, why: blanks(why, values) }];
  });
  return [...spf, ...open].flatMap(({ name, terms, literal, why }) => [
    `  TXT    ${page.style.bold(name)}  ${page.style.dim(`${literal ? 'literally, ' : ''}in the one SPF record there`)}`,
    ...item(under, terms.join(' '), page),
    ...item(under, why, page).map(page.style.dim),
  ]);
}

/** In place of a mark, below a record's name. */
const under = '     ';

function absolute(name: string, domain: string): string {
  if (name === '@') return domain;
  return name.endsWith('.') ? name.slice(0, -1) : `${name}.${domain}`;
}

function unique<T>(items: readonly T[]): readonly T[] {
  return [...new Set(items)];
}

/** Holes as what is known, else as blanks to fill in. */
function blanks(text: string, values: SenderWants['values']): string {
  return text.replaceAll(/\{([a-z0-9-]+)\}/g, (_hole, name: string) => values[name] ?? `<${name}>`);
}

function parameterLines({ sender, values, missing }: SenderWants, page: Page): string[] {
  if (sender.parameters.length === 0) return [];
  const lacking = new Set(missing.map(({ parameter }) => parameter.name));
  const width = Math.max(...sender.parameters.map(({ name }) => name.length));
  return [
    '',
    page.style.bold('What it has to be told'),
    ...sender.parameters.flatMap(({ name, what, example, fallback, optional }) => {
      const state = lacking.has(name)
        ? 'wanted'
        : fallback !== undefined
          ? `else ${blanks(fallback, values)}`
          : optional
            ? 'if any'
            : '';
      const say = `${what}${example.length > 50 ? '' : ` (${example})`}${state === '' ? '' : `; ${state}`}`;
      return item(name.padEnd(width), say, page);
    }),
  ];
}

/** A mark, and text that is broken behind it. */
function item(mark: string, text: string, { columns }: Page): string[] {
  const indent = mark === '' ? 2 : mark.length + 4;
  return wrapped(text, columns === undefined ? undefined : columns - indent).map((line, at) =>
    `${at === 0 && mark !== '' ? `  ${mark}  ` : ' '.repeat(indent)}${line}`.trimEnd(),
  );
}
