/** `posthorn dane check`: whether a mail host is to be authenticated by DANE, and whether the certificate it shows is right. */
import type { Command } from 'commander';
import { asBuffer, latin1 } from '../../../base/bytes.ts';
import { type DomainName, parseDomainName } from '../../../format/domain-name.ts';
import { findTlsa } from '../../../protocol/dane/find-tlsa.ts';
import { matchChain } from '../../../protocol/dane/match-chain.ts';
import { tlsaObjection, tlsaText } from '../../../protocol/dane/tlsa.ts';
import type { DaneFinding, DaneMatch, Tlsa } from '../../../protocol/dane/types.ts';
import type { Resolver } from '../../../protocol/dns/types.ts';
import type { Answer } from '../answer.ts';
import type { CliHost, ShownTls } from '../cli-host.ts';
import { exits } from '../exits.ts';
import type { Leaf } from '../leaf.ts';
import { bad } from '../read-options.ts';
import { visible, wrapped } from '../render-timeline.ts';
import type { Run } from '../run.ts';
import type { Style } from '../style.ts';

type Options = {
  readonly port?: string;
  readonly domain?: string;
  readonly certificate?: string;
  readonly zone?: readonly string[];
};

export function defineDane(command: Command, leaf: Leaf, { command: program }: CliHost): void {
  const check = command
    .command('check')
    .description('What DNS says of a mail host, and whether its certificate is right.');
  check
    .argument('<host>', 'the mail host: what an MX record names')
    .option('--port <number>', 'its port; the records stand under it too', '25')
    .option('--domain <domain>', 'the domain mail goes to: its MX has to be signed too')
    .option('--certificate <file>', 'take this PEM chain instead of asking the host')
    .addHelpText(
      'after',
      [
        '',
        'DANE counts only where DNSSEC proves it, so the resolver has to validate and be',
        'believed: one on this machine (--resolver 127.0.0.1), or "options trust-ad" in',
        '/etc/resolv.conf. With --zone the zone is taken for signed and nothing leaves',
        'the machine. Exit code 1 when the host could not be used, or is not protected.',
        '',
        `  ${program} dane check mx.example.com`,
        `  ${program} dane check mx.example.com --zone new.zone --certificate mx.pem`,
      ].join('\n'),
    );
  leaf<Options>(check, ['document', 'dns', 'clock'], checkHost);
}

type Asked = { readonly host: DomainName; readonly port: number; readonly domain: DomainName | undefined };

/** What the records say of the certificate; `unknown` when none was seen, `unjudged` where no record asks. */
type Verdict =
  | { readonly state: 'right' | 'wrong'; readonly why: string }
  | { readonly state: 'unknown' | 'unjudged'; readonly why: string };

type Seen = {
  readonly asked: Asked;
  readonly finding: DaneFinding;
  readonly shown: ShownTls | undefined;
  readonly verdict: Verdict;
  readonly isAssumedSigned: boolean;
};

async function checkHost(run: Run, options: Options, text = ''): Promise<Answer> {
  const asked = readAsked(text, options);
  const isAssumedSigned = options.zone !== undefined;
  const given = await run.resolver();
  const resolver = isAssumedSigned ? assumeSigned(given) : given;
  const finding = await findingFor(resolver, asked, run.host.signal);
  // Without a record to hold it against nobody is bothered for a certificate.
  const shown =
    finding.kind === 'dane' ? await shownBy(run, options, { ...asked, serverName: finding.base, resolver }) : undefined;
  const seen = {
    asked,
    finding,
    shown,
    verdict: judge(asked, finding, shown, (await run.clock()).nowMs()),
    isAssumedSigned,
  };
  const isProtected = finding.kind === 'dane' && seen.verdict.state !== 'wrong' && shown?.kind !== 'failed';
  return {
    exit: isProtected ? exits.ok : exits.problems,
    document: documentOf(seen),
    value: finding.kind,
    lines: (style, columns) => linesOf(seen, style, columns),
  };
}

/** RFC 7672 §2.2.1: what names the host has to be signed, too; only with --domain it is known what that is. */
async function findingFor(
  resolver: Resolver,
  { host, port, domain }: Asked,
  signal: AbortSignal,
): Promise<DaneFinding> {
  const named = domain && (await resolver.lookup(domain, 'MX', { signal }));
  if (domain && named?.kind === 'failed') return { kind: 'failed', name: domain, why: named.why };
  if (named && 'secure' in named && !named.secure) return { kind: 'none', why: `the MX of ${domain} is not signed` };
  return findTlsa(resolver, { host, port, secure: true }, { signal });
}

function readAsked(text: string, options: Options): Asked {
  const host = parseDomainName(text);
  if (host === undefined) throw bad('bad_host', `${text} is no host name.`, ['give a name like mx.example.com']);
  const port = /^[0-9]{1,5}$/.test(options.port ?? '25') ? Number(options.port ?? '25') : 0;
  if (port < 1 || port > 65_535) throw bad('bad_port', `${options.port} is no port.`, ['--port 25']);
  const domain = options.domain === undefined ? undefined : parseDomainName(options.domain);
  if (options.domain !== undefined && domain === undefined)
    throw bad('bad_domain', `${options.domain} is no domain.`, ['--domain example.com']);
  return { host, port, domain };
}

/** A zone that is not published yet: what it will say once it is signed. */
function assumeSigned(resolver: Resolver): Resolver {
  return {
    lookup: async (name, type, options) => {
      const answer = await resolver.lookup(name, type, options);
      return answer.kind === 'failed' ? answer : { ...answer, secure: true };
    },
  };
}

async function shownBy(
  run: Run,
  options: Options,
  wish: { readonly host: DomainName; readonly port: number; readonly serverName: string; readonly resolver: Resolver },
): Promise<ShownTls | undefined> {
  const { certificate } = options;
  if (certificate !== undefined) {
    const chain = [
      ...latin1(await run.host.readFile(certificate)).matchAll(
        /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END/g,
      ),
    ];
    if (chain.length === 0)
      throw bad('bad_certificate', `${certificate} holds no certificate in PEM.`, [
        'give the chain as the server has it',
      ]);
    return { kind: 'seen', from: certificate, chain: chain.map(([, body = '']) => Buffer.from(body, 'base64')) };
  }
  return options.zone ? undefined : run.host.shownTls(wish);
}

function judge({ host, domain }: Asked, finding: DaneFinding, shown: ShownTls | undefined, nowMs: number): Verdict {
  if (finding.kind !== 'dane') return { state: 'unjudged', why: 'no record to hold it against' };
  if (shown?.kind !== 'seen') return { state: 'unknown', why: shown ? shown.why : 'not looked at' };
  const names = [...new Set([finding.base, host, ...(domain ? [domain] : [])])]; // RFC 7672 §3.2.2
  const match: DaneMatch = matchChain(finding.usable, shown.chain, { names, nowMs });
  return { state: match.ok ? 'right' : 'wrong', why: match.why };
}

function recordsIn(finding: DaneFinding): readonly Tlsa[] {
  return finding.kind === 'dane' || finding.kind === 'unusable' ? finding.records : [];
}

function documentOf({ asked, finding, shown, verdict, isAssumedSigned }: Seen): object {
  return {
    host: asked.host,
    port: asked.port,
    ...(asked.domain ? { domain: asked.domain } : {}),
    dnssec: isAssumedSigned ? 'assumed' : 'asked',
    state: finding.kind,
    ...('base' in finding ? { base: finding.base } : {}),
    ...('why' in finding ? { why: finding.why } : {}),
    records: recordsIn(finding).map((record) => {
      const objection = tlsaObjection(record);
      const { usage, selector, matching, data } = record;
      return {
        usage,
        selector,
        matching,
        data: asBuffer(data).toString('hex'),
        usable: objection === undefined,
        ...(objection ? { objection } : {}),
      };
    }),
    certificate: {
      ...verdict,
      ...(shown?.kind === 'seen' ? { from: shown.from, certificates: shown.chain.length } : {}),
    },
  };
}

const indent = 13;

function linesOf(
  { asked, finding, shown, verdict, isAssumedSigned }: Seen,
  style: Style,
  columns: number | undefined,
): string[] {
  const row = (label: string, text: string, mark = (line: string) => line) =>
    wrapped(visible(text), (columns ?? 80) - indent).map(
      (line, at) => `${at === 0 ? style.dim(label.padEnd(indent)) : ' '.repeat(indent)}${mark(line)}`,
    );
  const records = recordsIn(finding).flatMap((record, at) => {
    const objection = tlsaObjection(record);
    const text = tlsaText(record);
    const short = text.length > 62 ? `${text.slice(0, 40)}...${text.slice(-12)}` : text;
    return [
      ...row(at === 0 ? 'TLSA' : '', short),
      ...row('', objection ? `not usable: ${objection}` : usageText(record), objection ? style.bad : style.dim),
    ];
  });
  const state = verdict.state;
  return [
    `${style.bold(asked.host)}: ${meaning(finding, verdict)}`,
    '',
    ...row('DNSSEC', isAssumedSigned ? 'assumed: a zone file does not tell' : sayDnssec(finding)),
    ...('base' in finding ? row('found at', `_${asked.port}._tcp.${finding.base}`) : []),
    ...records,
    ...row(
      'certificate',
      `${state === 'right' ? 'right' : state === 'wrong' ? 'WRONG' : 'not judged'}: ${verdict.why}`,
      state === 'wrong' ? style.bad : state === 'right' ? style.good : undefined,
    ),
    ...(shown?.kind === 'seen' ? row('', `${shown.chain.length} shown by ${shown.from}`, style.dim) : []),
  ];
}

function usageText({ usage, selector, matching }: Tlsa): string {
  const what = `${selector === 0 ? 'certificate' : 'key'}${matching === 0 ? '' : matching === 1 ? ' (SHA-256)' : ' (SHA-512)'}`;
  return usage === 3
    ? `the host's own ${what}, whatever its name and date`
    : `an authority's ${what}; name and date have to be right`;
}

function sayDnssec(finding: DaneFinding): string {
  if (finding.kind === 'failed') return `the lookup of ${finding.name} failed (${finding.why})`;
  return finding.kind === 'none' ? finding.why : 'proven for the addresses and the TLSA records';
}

function meaning(finding: DaneFinding, verdict: Verdict): string {
  switch (finding.kind) {
    case 'failed':
      return 'senders with DANE skip it: DNS gives no answer to believe.';
    case 'none':
      return 'not protected by DANE.';
    case 'unusable':
      return 'senders with DANE insist on TLS, and take any certificate.';
    case 'dane':
      return {
        right: 'protected by DANE.',
        wrong: 'senders with DANE do not deliver to it.',
        unknown: 'DANE asks for a certificate; which one it shows is not known.',
        unjudged: 'not protected by DANE.',
      }[verdict.state];
  }
}
