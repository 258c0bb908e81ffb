/**
 * The guides of docs/guides/senders, one a family of senders: an opening written here, and behind it what the catalogue says of each
 * sender. Written by `npm run docs`, held by test/tidy.test.ts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readCatalogue } from '../src/services/setup/catalogue/catalogue.ts';
import { fill, fillToRead } from '../src/services/setup/catalogue/fill.ts';
import {
  type Alignment,
  type SenderDefinition,
  type SenderFamily,
  senderFamilies,
} from '../src/services/setup/types.ts';

type Guide = { readonly path: string; readonly title: string; readonly lines: readonly string[] };

const folder = fileURLToPath(new URL('../src/services/setup/catalogue/senders/', import.meta.url));
const domain = 'example.com';

type Opening = { readonly title: string; readonly lines: readonly string[] };

const openings: Readonly<Record<SenderFamily, Opening>> = {
  mailbox: {
    title: 'Mailboxes: where people read and write',
    lines: [
      'A mailbox host receives for your domain and sends what people write. It is the first thing a domain has, and the one whose',
      'guide assumes to be alone: it tells you to *replace* the SPF record. Do not. A domain has one SPF record, and every sender has',
      'its term in it; `posthorn plan` makes that one record out of all of them.',
      '',
      'Four things belong to a mailbox host: MX (mail to you goes there), a term in SPF, DKIM (two or three names, mostly CNAMEs, so',
      'that the host changes keys by itself), and a token that proves the domain is yours. DKIM is the one that is forgotten: mail',
      'works without it, until the day DMARC asks. In most consoles publishing the key is not enough; signing is switched on',
      'afterwards, with a button or a command that stands in the steps below.',
      '',
      'Two mailbox hosts for one domain do not work side by side: mail goes to whoever has the lowest MX. Moving from one to the',
      'other, lower the TTL of the MX records a day before.',
    ],
  },
  forwarding: {
    title: 'Forwarding: mail that is passed on',
    lines: [
      'A forwarding service receives for your domain and passes mail on to mailboxes elsewhere. It rewrites the envelope, so that SPF',
      'passes for your domain (hence its term in your SPF record), and leaves the author as it is: whether the mail is accepted hangs',
      "on the DKIM signature of whoever wrote it. That is why mail of others is lost on the way when they sign badly, and yours isn't.",
      '',
      'Forwarding is not sending: what you write under your domain needs a sender of its own.',
    ],
  },
  transactional: {
    title: 'Mail of applications',
    lines: [
      'Sign-up links, receipts, alarms: an application hands its mail to a service by API or SMTP. Every one of these services works at',
      'once, and unaligned: it signs with its own domain and takes bounces at its own. Both checks pass, and neither is about you;',
      'receivers see a stranger who writes your name. What they call *domain authentication* (once: *whitelabel*) mends it.',
      '',
      'Two things count. DKIM with `d=` your domain, which carries you through forwarding too; and a return path below your domain, with',
      'which SPF aligns as well. The SPF term that many guides put at your domain itself does nothing for DMARC, because SPF is looked',
      'up at the return path: it only costs one of your ten lookups. Posthorn leaves such terms out and says so.',
      '',
      'Send mail that people wait for and mail that they could do without by different names (`app.example.com`, `news.example.com`):',
      'complaints about one do not hurt the other. With little mail one name is better, since a reputation needs some volume.',
    ],
  },
  campaigns: {
    title: 'Campaigns and newsletters',
    lines: [
      'The return path of most campaign services is their own and stays so: SPF never aligns, and DKIM has to carry you alone. Two',
      'CNAMEs, and a button that activates them.',
      '',
      'Their wizards like to publish a DMARC record of `p=none`. When you have one, yours stays: two are none, and a weaker one undoes',
      'your work. Gmail and Yahoo want more of bulk mail: a link to unsubscribe that works with one click (RFC 8058), and fewer than 3',
      'complaints in 1,000 messages; the services add the link by themselves.',
    ],
  },
  support: {
    title: 'Support desks',
    lines: [
      'A support desk answers as `support@` your domain, mostly while another host receives for that address and forwards to it. It signs',
      'with its own domain until you publish its keys.',
      '',
      'The order matters: publish first, switch on then. And mind the SPF terms: one of the desks below takes seven of your ten',
      'lookups with a term that cannot align at all.',
    ],
  },
  business: {
    title: 'CRM, shops, accounting, tools',
    lines: [
      'These send as you because somebody in the company connected them, often without telling whoever keeps the DNS. `posthorn',
      'senders recognise --domain example.com` shows those that left a trace; the rest are found in DMARC reports.',
      '',
      'Selectors and targets belong to your account, so the records have to be copied from the service. Some of these services cannot',
      'sign as you at all, and say so below: then an address of theirs, with yours for replies, is the honest way.',
    ],
  },
  website: {
    title: 'Websites at a web host',
    lines: [
      'Contact forms, orders, lost passwords: the website sends by the mail server of its web host. Mostly nobody set that up, it just',
      'works, from an address that is shared with hundreds of other sites.',
      '',
      'Better is to send by one of your other senders: every site software has a plugin for SMTP. Where that cannot be, SPF gets the',
      'address of the web host, and DKIM the key of its panel. The author has to be yours: a form that puts the address of the visitor',
      'into From forges it, and is refused for that.',
    ],
  },
  server: {
    title: 'Your own servers',
    lines: [
      'A server of your own (Posthorn among them) needs what a service does for you otherwise: an address that is on no list, a name for',
      'it, and the address leading back to that name (PTR), which only whoever gave you the address can set. The name in EHLO, its',
      'A record and the PTR have to agree.',
      '',
      'Ask two things before anything else: may the server reach port 25 outside, and can the PTR be set? Several clouds allow neither,',
      'or one of them on request; click paths and words to copy are below. Where port 25 stays closed, the server hands its mail to a',
      'relay, and the relay is the sender.',
      '',
      'In SPF a server stands as `ip4:` and `ip6:`: an address costs no lookup. Its keys are kept by Posthorn: RSA for everybody, Ed25519',
      'beside it.',
    ],
  },
};

export function senderGuides(): readonly Guide[] {
  const catalogue = readCatalogue(
    readdirSync(folder)
      .sort()
      .map((name) => ({ path: `senders/${name}`, text: readFileSync(`${folder}/${name}`, 'utf8') })),
  );
  if (!catalogue.ok) throw new Error(catalogue.say);
  const families = senderFamilies.map((family) => ({
    family,
    senders: catalogue.value.all.filter((sender) => sender.family === family),
  }));
  return [overview(families), ...families.map(({ family, senders }) => guideOf(family, senders))];
}

type Family = { readonly family: SenderFamily; readonly senders: readonly SenderDefinition[] };

function overview(families: readonly Family[]): Guide {
  return {
    path: 'docs/guides/senders/README.md',
    title: 'Who sends for your domain',
    lines: [
      'One domain has many senders: the mailbox host, applications, campaigns, the support desk, the website. Each has a guide that',
      'assumes to be the only one. Posthorn takes them all together:',
      '',
      '```',
      'posthorn senders recognise --domain example.com      who sends already?',
      'posthorn senders show sendgrid                       what one of them wants',
      'posthorn plan example.com --sender google-workspace --sender sendgrid:id=12345678',
      '```',
      '',
      'A sender is declared by its id, with what it has to be told behind a colon. Everyone can send for a name below the domain instead:',
      '`sendgrid:subdomain=news`. Whoever is not in the list is `smtp-relay`, or a new file in `src/services/setup/catalogue/senders`.',
      '',
      'For programs: `posthorn senders list --json` is a list of `{id, name, family, receives, sends, aligns: {spf, dkim}, parameters}`;',
      '`aligns` says whether mail can pass DMARC that way once everything is published (`null`: nobody showed it), `parameters` are the',
      'names of what can be told. `senders show ID --json` has all of it, with the records for a domain.',
      '',
      ...families.flatMap(({ family, senders }) => [
        `**[${openings[family].title}](${family}.md)**: ${senders.map(({ name }) => name).join(', ')}.`,
        '',
      ]),
    ],
  };
}

function guideOf(family: SenderFamily, senders: readonly SenderDefinition[]): Guide {
  const { title, lines } = openings[family];
  return {
    path: `docs/guides/senders/${family}.md`,
    title,
    lines: [...lines, '', ...sectionsOf(senders)],
  };
}

const words: Readonly<Record<Alignment, string>> = {
  yes: 'aligns',
  'with-return-path': 'aligns with a return path below your domain',
  no: 'never aligns',
  uncertain: 'may align: nobody showed it',
};

/** The plain one first; records that are those of a sender before are not told again. */
function sectionsOf(senders: readonly SenderDefinition[]): string[] {
  const told = new Map<string, string>();
  const ordered = [...senders].sort((one, other) => Number(other.id === 'own') - Number(one.id === 'own'));
  return ordered.flatMap((sender) => {
    const table = rowsOf(sender, valuesOf(sender)).join('\n');
    const before = told.get(table);
    told.set(table, before ?? sender.name);
    return sectionOf(sender, before);
  });
}

function sectionOf(sender: SenderDefinition, sameAs: string | undefined): string[] {
  const { name, aligns, steps, traps } = sender;
  const values = valuesOf(sender);
  const shown = (text: string) =>
    fillToRead(text, values)
      .replaceAll(/<([a-z][a-z0-9-]*)>/g, '`<$1>`')
      .replaceAll('*', '\\*');
  const rows = rowsOf(sender, values);
  return [
    `## ${name}`,
    '',
    `\`${declared(sender)}\`: SPF ${words[aligns.spf]}, DKIM ${words[aligns.dkim]}.`,
    '',
    ...(rows.length === 0 ? [] : sameAs ? [`Records: those of "${sameAs}".`, ''] : [...tableHead, ...rows, '']),
    ...steps.map((step, at) => `${at + 1}. ${step === '{records}' ? 'Publish the records.' : shown(step)}`),
    '',
    ...traps.map((trap) => `- ${shown(trap)}`),
    ...(traps.length === 0 ? [] : ['']),
  ];
}

const tableHead = ['| type | name | value |', '|---|---|---|'];

/** The domain, and what is taken when nobody says otherwise. */
function valuesOf({ parameters }: SenderDefinition): Readonly<Record<string, string>> {
  const below = parameters.find(({ name }) => name === 'subdomain')?.fallback;
  const base = below === undefined ? domain : `${below}.${domain}`;
  const values: Record<string, string> = { domain: base, 'domain-dashes': base.replaceAll('.', '-') };
  for (const { name, fallback } of parameters) if (fallback !== undefined) values[name] = fill(fallback, values);
  return values;
}

/** As it is declared, with examples for what has to be told. */
function declared({ id, parameters }: SenderDefinition): string {
  const wanted = parameters.filter(
    ({ fallback, optional, unless, kind }) =>
      fallback === undefined && !optional && unless === undefined && kind !== 'dkim-key',
  );
  const values = wanted.map(({ name, example }) => `${name}=${example}`).join(',');
  return values === '' || values.length > 100 ? id : `${id}:${values}`;
}

function rowsOf({ spf, records }: SenderDefinition, values: Readonly<Record<string, string>>): string[] {
  const filled = (text: string) => `\`${fillToRead(text, values).replaceAll('|', '\\|')}\``;
  const at = (name: string) => {
    if (name === '@') return '{domain}';
    return name.endsWith('.') ? name.slice(0, -1) : `${name}.{domain}`;
  };
  return [
    ...spf.flatMap((one) => one.terms.map((term) => `| TXT (SPF) | ${filled(at(one.at))} | ${filled(term)} |`)),
    ...records.map(({ type, name, value }) => `| ${type} | ${filled(at(name))} | ${filled(value)} |`),
  ];
}
