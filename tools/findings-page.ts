/** docs/FINDINGS.md: every check of the doctor and of the score, and what each costs, from the tables that the program judges by. */
import { checks } from '../src/services/advice/doctor/checks/checks.ts';
import type { Check } from '../src/services/advice/doctor/types.ts';
import { alignmentChecks } from '../src/services/advice/score/align/checks.ts';
import { bulkChecks } from '../src/services/advice/score/bulk/checks.ts';
import { contentChecks } from '../src/services/advice/score/content/checks.ts';
import { nothingKnown, scoreOf } from '../src/services/advice/score/table.ts';
import type { ScoreFacts } from '../src/services/advice/score/types.ts';

const families: Readonly<Record<string, string>> = {
  DNS: 'The zone',
  MX: 'Receiving: MX and the mail hosts',
  SPF: 'SPF: which servers may send',
  DKM: 'DKIM: keys and signatures',
  DMA: 'DMARC: what receivers do, and report',
  STS: 'MTA-STS: encryption that cannot be taken away',
  RPT: 'TLS-RPT: reports about encryption',
  DAN: 'DANE: certificates proven by DNSSEC',
  BMI: 'BIMI: the logo beside the message',
  IPR: 'The sending server: address and name',
  LST: 'Lists of bad senders',
  PRK: 'Domains that send nothing',
  ALN: 'A message: who vouches for From',
  MSG: 'A message: its content',
  BLK: 'A message to many',
};

export function allChecks(): Readonly<Record<string, Check>> {
  return { ...checks, ...alignmentChecks, ...contentChecks, ...bulkChecks };
}

export function findingsLines(): readonly string[] {
  const all = Object.entries(allChecks());
  const sections = Object.entries(families).flatMap(([family, title]) => {
    const own = all.filter(([id]) => id.startsWith(`${family}-`));
    return [`## ${title}`, '', ...own.flatMap(([id, check]) => checkLines(id, check))];
  });
  return [
    '`posthorn check DOMAIN` looks at a domain, `posthorn score FILE.eml` at a message; both name what they find by these ids. A finding is',
    '*pass* or *fail*, *unknown* where it could not be found out (which is neither), or *skip* where the question does not arise.',
    'Severity is that of the worst case: *critical*, mail is lost or forged now; *error*, receivers refuse or junk some of it; *warn*, they will;',
    '*advice*, it could be better.',
    '',
    ...scoreLines(),
    ...sections,
  ];
}

function checkLines(id: string, { title, severity, fails, why, fix }: Check): readonly string[] {
  return [`### ${id} ${title}`, '', `*${severity}.* ${fails}`, '', `Why: ${why}`, '', `To mend it: ${fix}`, ''];
}

// ---- What costs how much: asked of the table itself

const perfect: ScoreFacts = {
  ...nothingKnown,
  author: 'yes',
  spf: { result: 'pass', aligned: 'yes' },
  dkim: { result: 'pass', aligned: 'yes', weakKey: 'no' },
  dmarc: 'reject',
  host: { reverseName: 'confirmed', helo: 'good', encrypted: 'yes' },
  lists: { major: 'no', domain: 'no', minor: 0 },
};

type Case = readonly [say: string, facts: ScoreFacts];

function scoreLines(): readonly string[] {
  const spf = (result: ScoreFacts['spf']['result']): ScoreFacts => ({ ...perfect, spf: { result, aligned: 'yes' } });
  const dkim = (result: ScoreFacts['dkim']['result']): ScoreFacts => ({
    ...perfect,
    dkim: { ...perfect.dkim, result },
  });
  const host = (one: Partial<ScoreFacts['host']>): ScoreFacts => ({ ...perfect, host: { ...perfect.host, ...one } });
  const lists = (one: Partial<ScoreFacts['lists']>): ScoreFacts => ({
    ...perfect,
    lists: { ...perfect.lists, ...one },
  });
  const foreign: ScoreFacts = {
    ...perfect,
    spf: { result: 'pass', aligned: 'no' },
    dkim: { ...perfect.dkim, aligned: 'no' },
  };
  const cases: readonly Case[] = [
    ['SPF: no record', spf('none')],
    ['SPF: the record says nothing about the server', spf('neutral')],
    ['SPF: the record doubts the server (~all)', spf('softfail')],
    ['SPF: the record is broken', spf('permerror')],
    ['SPF: the record forbids the server (-all)', spf('fail')],
    ['DKIM: not signed, SPF vouches', dkim('none')],
    ['DKIM: the signature does not hold, SPF vouches', dkim('fail')],
    ['DKIM: the key cannot be read, SPF vouches', dkim('permerror')],
    ['DKIM: a short RSA key', { ...perfect, dkim: { ...perfect.dkim, weakKey: 'yes' } }],
    ['No DMARC record', { ...perfect, dmarc: 'missing' }],
    ['All of it is the sending service’s, p=none', { ...foreign, dmarc: 'none' }],
    ['All of it is the sending service’s, p=quarantine', { ...foreign, dmarc: 'quarantine' }],
    ['All of it is the sending service’s, p=reject', { ...foreign, dmarc: 'reject' }],
    ['The server has no name (PTR)', host({ reverseName: 'missing' })],
    ['Its name does not lead back to it', host({ reverseName: 'unconfirmed' })],
    ['Its name looks like a home connection’s', host({ reverseName: 'generic' })],
    ['It introduces itself wrongly (HELO)', host({ helo: 'bad' })],
    ['The message was not encrypted on its way', host({ encrypted: 'no' })],
    ['Its address is on a major list', lists({ major: 'yes' })],
    ['The domain is on a list', lists({ domain: 'yes' })],
    ['Its address is on one minor list', lists({ minor: 1 })],
  ];
  return [
    '## The score',
    '',
    'A message begins with 10 points. What is wrong takes some away; what is unknown never does; mending one thing never lowers the rest.',
    'Faults of the host cost 2.4 points at most together, lists 4, content 3, and what mail to many lacks 2; authentication has no limit.',
    '',
    '| what is wrong, and nothing else | points lost | by |',
    '|---|---|---|',
    ...cases.map(([say, facts]) => {
      const { deductions, tenths } = scoreOf(facts);
      const by = deductions.map(
        ({ check, tenths: cost }) => `[${check}](#${anchorOf(check)}) ${(cost / 10).toFixed(1)}`,
      );
      return `| ${say} | ${((100 - tenths) / 10).toFixed(1)} | ${by.join(', ')} |`;
    }),
    '',
  ];
}

/** As hosts of Markdown make it from the heading. */
function anchorOf(id: string): string {
  const title = allChecks()[id]?.title ?? '';
  return `${id} ${title}`
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
