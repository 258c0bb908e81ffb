/** Messages to sign: ours for the others to verify, and the bare ones for the others to sign and us to verify. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type DomainName, parseDomainName } from '../src/format/domain-name.ts';
import { type SigningKey, signDkim } from '../src/protocol/dkim/sign-dkim.ts';
import type { DkimCase } from './dkim-cases.ts';
import { letters, textOf } from './dkim-cases.ts';
import type { World } from './world.ts';

export type SignCase = {
  readonly id: number;
  readonly world: World;
  /** Base64. */
  readonly message: string;
  readonly signatures: 1;
  readonly pem: string;
  readonly selector: string;
  readonly domain: string;
  readonly header_form: string;
  readonly body_form: string;
};

const domain = parseDomainName('example.com') as DomainName;

function makeKeys(): { readonly rsa: KeyObject; readonly ed25519: KeyObject; readonly world: World } {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ed25519 = generateKeyPairSync('ed25519');
  const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'der' });
  const record = (text: string) => ({ TXT: [[text.slice(0, 200), text.slice(200)].filter((part) => part !== '')] });
  return {
    rsa: rsa.privateKey,
    ed25519: ed25519.privateKey,
    world: {
      'rsa._domainkey.example.com': record(`v=DKIM1; k=rsa; p=${spki(rsa.publicKey).toString('base64')}`),
      'ed._domainkey.example.com': record(
        `v=DKIM1; k=ed25519; p=${spki(ed25519.publicKey).subarray(-32).toString('base64')}`,
      ),
    },
  };
}

/** Signed by us, RSA above Ed25519. */
export async function signedByUs(
  count: number,
  seed: number,
): Promise<Pick<DkimCase, 'id' | 'world' | 'message' | 'signatures' | 'b'>[]> {
  const { rsa, ed25519, world } = makeKeys();
  const keys: SigningKey[] = [
    { domain, selector: 'rsa', algorithm: 'rsa-sha256', privateKey: rsa },
    { domain, selector: 'ed', algorithm: 'ed25519-sha256', privateKey: ed25519 },
  ];
  return Promise.all(
    letters(count, seed).map(async (letter, id) => {
      const octets = Buffer.from(textOf(letter), 'latin1');
      const fields = Buffer.from(await signDkim(octets, keys, { nowSeconds: Date.now() / 1000 }));
      const b = [...fields.toString('latin1').matchAll(/\sb=([^;]*?)\r\n(?![ \t])/g)].map(([, data = '']) =>
        data.replace(/\s/g, ''),
      );
      return { id, world, message: Buffer.concat([fields, octets]).toString('base64'), signatures: b.length, b };
    }),
  );
}

const forms = ['relaxed', 'simple'];

export function toBeSigned(count: number, seed: number): SignCase[] {
  const { rsa, world } = makeKeys();
  // The old form of a key file is what every one of them reads.
  const pem = String(rsa.export({ type: 'pkcs1', format: 'pem' }));
  return letters(count, seed).map((letter, id) => ({
    id,
    world,
    message: Buffer.from(textOf(letter), 'latin1').toString('base64'),
    signatures: 1,
    pem,
    selector: 'rsa',
    domain,
    header_form: forms[id % 2] ?? '',
    body_form: forms[(id >> 1) % 2] ?? '',
  }));
}
