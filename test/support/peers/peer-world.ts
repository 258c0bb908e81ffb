/** The office, one foreign mail server with a name of its own, the wire between them, and the box into which that one delivers. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { closeAll } from '../../../src/app/close-all.ts';
import type { SettingName } from '../../../src/app/settings.ts';
import { makeTestAuthority } from '../test-certificate.ts';
import { type LetterBox, openLetterBox } from './letter-box.ts';
import { ownPorts } from './own-ports.ts';
import { domainsOf, type Peer, type PeerWish } from './peer.ts';
import { openPeerOffice, type PeerOffice } from './peer-office.ts';
import { startWireTap, type WireTap } from './wire-tap.ts';

export type PeerWorld = {
  readonly peer: Peer;
  readonly office: PeerOffice;
  readonly box: LetterBox;
  /** What we say to the peer's plain port, and what it says to our MX when it uses no TLS. */
  readonly toPeer: WireTap;
  readonly toOffice: WireTap;
  readonly close: () => Promise<void>;
};

export type PeerKind = {
  readonly domain: string;
  readonly host: string;
  readonly start: (wish: PeerWish) => Promise<Peer>;
};

export type WorldWish = {
  readonly settings?: ReadonlyMap<SettingName, unknown>;
  /** Master-file lines besides those of office and peer. */
  readonly zone?: readonly string[];
  /** Something that listens before the peer starts; answers the milter's address. */
  readonly milter?: (office: PeerOffice) => Promise<{ readonly address: string; readonly close: () => Promise<void> }>;
};

export async function openPeerWorld(kind: PeerKind, wish: WorldWish = {}): Promise<PeerWorld> {
  const opened: (() => Promise<void>)[] = [];
  const close = () => closeAll(opened);
  try {
    const authority = await makeTestAuthority('Peers');
    const identity = await authority.issue({ names: [kind.host], addresses: ['127.0.0.1'] });
    const [injection = 0, plain = 0, tls = 0] = await ownPorts(3);
    const ports = { injection, plain, tls };
    const toPeer = await startWireTap(plain);
    opened.push(toPeer.close);
    const domains = domainsOf(kind.domain);
    const office = await openPeerOffice({
      authority,
      routes: {
        [domains.plain]: `${kind.host}:${toPeer.port}`,
        [domains.tls]: `${kind.host}:${tls}`,
        [domainToASCII(domains.international)]: `${kind.host}:${toPeer.port}`,
      },
      zone: [
        `${kind.host}. A 127.0.0.1`,
        ...Object.values(domains).flatMap((domain) => [
          `${domainToASCII(domain)}. TXT "v=spf1 ip4:127.0.0.0/8 -all"`,
          `${domainToASCII(domain)}. MX 10 ${kind.host}.`,
        ]),
        ...(wish.zone ?? []),
      ],
      ...(wish.settings ? { settings: wish.settings } : {}),
    });
    opened.push(office.close);
    const toOffice = await startWireTap(office.mxPort);
    opened.push(toOffice.close);
    const box = await openLetterBox();
    opened.push(box.close);
    const milter = await wish.milter?.(office);
    if (milter) opened.push(milter.close);
    const folder = join(office.folder, 'peer');
    mkdirSync(folder);
    const peer = await kind.start({
      folder,
      letterBox: box.port,
      officePlain: toOffice.port,
      officeTls: office.mxPort,
      authorityFile: office.authorityFile,
      identity,
      ports,
      ...(milter ? { milter: milter.address } : {}),
    });
    opened.push(peer.stop);
    return { peer, office, box, toPeer, toOffice, close };
  } catch (error) {
    await close();
    throw error;
  }
}
