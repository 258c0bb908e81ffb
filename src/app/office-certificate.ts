/** Which certificate the office shows, by its settings: the operator's files, an authority's, or its own. */
import type { Challenges } from '../adapters/certificates/acme-issuer.ts';
import type { Timers } from '../base/clock.ts';
import { Fault } from '../base/outcome.ts';
import type { Signals } from '../base/port/signals.ts';
import { type DomainName, parseDomainName } from '../format/domain-name.ts';
import type { Authorities } from '../protocol/dns/authorities.ts';
import { showText, takeText } from '../services/setup/setup.ts';
import {
  accountKey,
  type CertificateKeeper,
  challengesBy,
  keepCertificate,
  oneAtATime,
  openHttpChallenges,
  orFault,
} from './certificate-keeper.ts';
import { ConfigMistakes } from './config.ts';
import type { Config, SettingName } from './settings.ts';
import type { OpenZoneEditor } from './setup-desk.ts';
import {
  certificatesIn,
  identityFromFiles,
  ownIdentity,
  readSettingFile,
  type TlsIdentitySource,
} from './tls-identities.ts';

export type CertificatePorts = {
  readonly timers: Timers;
  readonly signals: Signals;
  readonly authorities: Authorities;
  readonly zoneEditor: OpenZoneEditor;
};

export type OfficeCertificate = {
  readonly identity: TlsIdentitySource;
  /** A certificate for one name more; absent where no authority is asked. */
  readonly keep?: (name: DomainName) => CertificateKeeper;
  readonly close: () => Promise<void>;
};

/** Throws `ConfigMistakes` when the settings cannot be. */
export async function openCertificate(
  config: Config,
  hostname: DomainName,
  ports: CertificatePorts,
): Promise<OfficeCertificate> {
  const { 'tls.certificate': certificate, 'tls.key': key } = config;
  if (certificate && key) return { identity: identityFromFiles({ certificate, key }, ports), close: async () => {} };
  const standIn = await ownIdentity(config.data, hostname, ports.timers);
  const directoryUrl = config['tls.acme'];
  return directoryUrl === undefined
    ? { identity: standIn, close: async () => {} }
    : openAuthority(config, { hostname, standIn, directoryUrl }, ports);
}

async function openAuthority(
  config: Config,
  {
    hostname,
    standIn,
    directoryUrl,
  }: { readonly hostname: DomainName; readonly standIn: TlsIdentitySource; readonly directoryUrl: string },
  ports: CertificatePorts,
): Promise<OfficeCertificate> {
  if (!config['tls.acme_terms_agreed'])
    throw mistake('tls.acme_terms_agreed', `is to be true: read the terms at ${new URL(directoryUrl).origin}`);
  const [{ createAcmeIssuer }, accountKeyPem] = await Promise.all([
    import('../adapters/certificates/acme-issuer.ts'),
    accountKey(config.data),
  ]);
  const at = config['listen.acme'];
  const http = at && (await openHttpChallenges(at, ports));
  const contact = config['tls.acme_contact'];
  const names = config['tls.acme_names'].length > 0 ? config['tls.acme_names'] : [hostname];
  const issuer = oneAtATime(
    createAcmeIssuer({
      directoryUrl,
      accountKeyPem,
      ...(contact !== undefined && { contact }),
      ...(config['tls.trust'].length > 0 && { trust: config['tls.trust'].map(trustIn) }),
      challenges: challengesBy({ ...(http && { 'http-01': http }), 'dns-01': byRecord(ports) }),
    }),
  );
  const keeper = keepCertificate({ folder: config.data, names, issuer, standIn, ...ports });
  return {
    identity: keeper.identity,
    keep: (name) =>
      keepCertificate({
        folder: config.data,
        file: `names/${name}.pem`,
        names: [name],
        issuer,
        standIn: keeper.identity,
        ...ports,
      }),
    close: async () => {
      keeper.stop();
      await http?.close();
    },
  };
}

/** By the DNS host that keeps the zone of the name. */
export function byRecord({ zoneEditor, authorities, timers }: CertificatePorts): Pick<Challenges, 'show' | 'take'> {
  const open = async (name: string) => {
    const domain = parseDomainName(name);
    const editor = domain === undefined ? undefined : await zoneEditor(domain);
    if (domain === undefined || !editor?.ok) throw new Fault('CHALLENGE', editor?.ok === false ? editor.say : name);
    return { domain, editor: editor.value };
  };
  // The authority's library shows everything for one certificate at once.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => {});
    return done;
  };
  return {
    show: async ({ name, record, text }) => {
      const { domain, editor } = await open(name);
      orFault(await showText({ editor, authorities, timers, inTurn }, { domain, name: record, text }));
    },
    take: async ({ name, record, text }) => {
      const { domain, editor } = await open(name);
      orFault(await takeText({ editor, inTurn }, { domain, name: record, text }));
    },
  };
}

/** A file without a certificate would be no trust at all, silently. */
export function trustIn(file: string): string {
  const text = readSettingFile('tls.trust', file);
  certificatesIn('tls.trust', { file, text });
  return text;
}

function mistake(key: SettingName, say: string): ConfigMistakes {
  return new ConfigMistakes([{ where: '', key, say }]);
}
