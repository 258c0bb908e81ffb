/**
 * `posthorn publish --domain-connect`: where the DNS host takes part in Domain Connect, the link on which a person agrees that it
 * lets the names that mail needs lead to the zone in which the office keeps them. Nothing is changed from here.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { fromUtf8 } from '../../base/bytes.ts';
import { Fault } from '../../base/outcome.ts';
import { type DomainName, parseDomainName } from '../../format/domain-name.ts';
import {
  applyLink,
  type ConnectProvider,
  type ConnectRefusal,
  type DelegationGroup,
  delegationService,
  delegationTemplate,
  discoverProvider,
  keyTexts,
  knowsTemplate,
} from '../../services/setup/setup.ts';
import type { OwnOffice } from '../../services/setup/types.ts';
import type { Answer } from './answer.ts';
import { CliError } from './cli-error.ts';
import { type ExitCode, exits } from './exits.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Run } from './run.ts';

type Signer = { readonly providerId: string; readonly keyName: string; readonly key: KeyObject };

/** Where the names are to lead, and whether those of receiving are among them. */
export type ConnectTarget = { readonly zone: DomainName; readonly receives: boolean };

export async function connectAnswer(run: Run, domain: DomainName, target: ConnectTarget): Promise<Answer> {
  const signer = await readSigner(run, domain);
  const { resolver } = await run.eyes();
  const ports = { resolver, fetchNamed: await run.host.fetchNamed(resolver, run.place) };
  const provider = await discoverProvider(ports, domain);
  if (!provider.ok) throw refused(run, domain, provider);
  const template = { providerId: signer.providerId, serviceId: delegationService };
  const knows = await knowsTemplate(ports, provider.value, template);
  if (!knows.ok) throw refused(run, domain, knows);
  if (!knows.value) return unknownAnswer(domain, provider.value, signer);
  const { zone, host, urlSyncUX } = provider.value;
  const groups: readonly DelegationGroup[] = target.receives ? ['sending', 'receiving'] : ['sending'];
  const wish = { ...template, domain: zone, host, variables: { zone: target.zone }, groups };
  const link = applyLink(urlSyncUX, wish, { name: signer.keyName, key: signer.key });
  return linkAnswer(run, { domain, provider: provider.value, target, link });
}

/** @param given `true`, or the zone; without it the office says where it keeps the domain's records. */
export function connectTarget(
  { host }: Run,
  domain: DomainName,
  given: string | true,
  office: OwnOffice | undefined,
): ConnectTarget {
  if (given !== true) {
    const zone = parseDomainName(given);
    if (zone !== undefined) return { zone, receives: false };
    throw new CliError({
      exit: exits.usage,
      code: 'bad_zone',
      say: `--domain-connect ${visible(given)} is no zone.`,
      next: `${host.command} publish ${domain} --domain-connect abc.dns.office.example`,
    });
  }
  const delegation = office?.delegation;
  if (delegation?.kind === 'names') return { zone: delegation.zone, receives: office?.receives ?? false };
  throw new CliError({
    exit: exits.badInput,
    code: 'not_delegated',
    say: `This office does not keep the records of ${domain} yet, so nothing can lead to them.`,
    next: `${host.command} domains delegate ${domain}`,
  });
}

async function readSigner({ host }: Run, domain: DomainName): Promise<Signer> {
  const { environment, command } = host;
  const no = (say: string) =>
    new CliError({
      exit: exits.configuration,
      code: 'no_credentials',
      say,
      next: `DOMAIN_CONNECT_PROVIDER=office.example DOMAIN_CONNECT_KEY_FILE=key.pem ${command} publish ${domain} --domain-connect ...`,
    });
  const providerId = parseDomainName(environment.DOMAIN_CONNECT_PROVIDER ?? '');
  if (providerId === undefined)
    throw no('DOMAIN_CONNECT_PROVIDER is not set: a domain of yours, by which DNS hosts know your template.');
  const file = environment.DOMAIN_CONNECT_KEY_FILE;
  if (!file)
    throw no('DOMAIN_CONNECT_KEY_FILE is not set: an RSA key (`openssl genrsa 2048`) with which links are signed.');
  const keyName = environment.DOMAIN_CONNECT_KEY_NAME || '_dcpubkeyv1';
  try {
    const key = createPrivateKey(fromUtf8(await host.readFile(file)));
    if (key.asymmetricKeyType === 'rsa') return { providerId, keyName, key };
  } catch (error) {
    if (error instanceof Fault) throw no(`${visible(file)} (DOMAIN_CONNECT_KEY_FILE) cannot be read: ${error.code}.`);
  }
  throw no(`${visible(file)} (DOMAIN_CONNECT_KEY_FILE) holds no private RSA key in PEM.`);
}

const exitOf: Readonly<Record<ConnectRefusal, ExitCode>> = { none: exits.badInput, unavailable: exits.unavailable };

function refused(
  run: Run,
  domain: DomainName,
  { code, say }: { readonly code: ConnectRefusal; readonly say: string },
): CliError {
  const next = code === 'none' ? `${run.host.command} publish ${domain} --dry-run` : run.again();
  return new CliError({
    exit: exitOf[code],
    code: code === 'none' ? 'no_domain_connect' : 'unavailable',
    say: `${say.charAt(0).toUpperCase()}${say.slice(1)}.`,
    next,
  });
}

type Linked = {
  readonly domain: DomainName;
  readonly provider: ConnectProvider;
  readonly target: ConnectTarget;
  readonly link: string;
};

function linkAnswer(run: Run, { domain, provider, target, link }: Linked): Answer {
  return {
    document: {
      domain,
      zone: provider.zone,
      host: provider.providerName,
      knows_template: true,
      leads_to: target.zone,
      link,
    },
    value: link,
    lines: (style, columns) => {
      const width = Math.max(40, columns ?? 80);
      const say = `Then the names that mail needs below ${domain} lead to ${target.zone}, and its SPF record includes _spf.${target.zone}. What stands at these names gives way.`;
      return [
        style.bold(`${domain} is kept at ${visible(provider.providerName)}. Open this, and agree there:`),
        '',
        link,
        '',
        ...wrapped(say, width),
        `  next: ${run.host.command} watch ${domain}`,
      ];
    },
  };
}

/** What has to be done once for each DNS host before it takes our links. */
function unknownAnswer(domain: DomainName, provider: ConnectProvider, { providerId, keyName, key }: Signer): Answer {
  const template = delegationTemplate({ providerId, providerName: providerId });
  const texts = keyTexts(key);
  const file = `${providerId}.${delegationService}.json`;
  return {
    exit: exits.problems,
    document: {
      domain,
      zone: provider.zone,
      host: provider.providerName,
      knows_template: false,
      template,
      key: { name: `${keyName}.${providerId}`, texts },
    },
    lines: (style, columns) => [
      ...wrapped(
        `${visible(provider.providerName)}, which keeps ${domain}, does not know your template yet. Hand it this, as ${file}, and ask to have it taken in:`,
        Math.max(40, columns ?? 80),
      ).map(style.bold),
      '',
      ...JSON.stringify(template, null, 2).split('\n'),
      '',
      style.bold('and publish the key with which links are signed:'),
      '',
      ...texts.map((text) => `${keyName}.${providerId}. TXT "${text}"`),
    ],
  };
}
