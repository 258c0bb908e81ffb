/** What `posthorn/authentication` reads when it is first used: the engines, behind the library's own forms. */
import type { KeyObject } from 'node:crypto';
import { systemClock } from '../../base/clock.ts';
import { parseFromFields } from '../../format/address.ts';
import { parseDomainName } from '../../format/domain-name.ts';
import type { MessageIndex } from '../../format/message/message-index.ts';
import { createArcSealer, type SealRequest } from '../../protocol/arc/seal-arc.ts';
import { createAuthenticator, type Message } from '../../protocol/authenticate.ts';
import { importPrivateKey, kindOfKey } from '../../protocol/dkim/private-keys.ts';
import { createRsaSigner, createRsaSignerInPlace, type RsaSigner } from '../../protocol/dkim/rsa-signer.ts';
import { createDkimSigner, unsignable } from '../../protocol/dkim/sign-dkim.ts';
import type { SigningKey } from '../../protocol/dkim/signed-field.ts';
import type { DmarcFacts } from '../../protocol/dmarc/evaluate-dmarc.ts';
import { readMessage, readWhole } from '../../protocol/message-reader.ts';
import type {
  AuthenticationDeps,
  Authenticator,
  DmarcQuestion,
  SealWith,
  SignOptions,
  SignWith,
} from './authentication.ts';

export { receivedSpfField } from '../../protocol/spf/received-spf.ts';

export type Engines = Omit<Authenticator, 'sealArc' | 'parseAuthenticationResults'>;

export function createEngines(deps: AuthenticationDeps): Engines {
  const engines = createAuthenticator(deps);
  const signInTurns = makeSignInTurns();
  const clock = deps.clock && { clock: deps.clock };
  return {
    ...engines,
    signDkim: (message, keys, options) => signInTurns(message, keys, { ...clock, ...options }),
    evaluateDmarc: (question, options) => engines.evaluateDmarc(factsOf(question), options),
  };
}

/** Who signs one message after the other has it done in place; where several are under way all cores help. */
function makeSignInTurns(): typeof sign {
  const inPool = createRsaSigner();
  const inPlace = createRsaSignerInPlace(inPool);
  let underWay = 0;
  return async (message, keys, options) => {
    underWay++;
    try {
      return await sign(message, keys, options, underWay === 1 ? inPlace : inPool);
    } finally {
      underWay--;
    }
  };
}

/** Throws a `TypeError` for what is no message: it comes from the caller. */
export async function sign(
  message: Message,
  keys: readonly SignWith[],
  { clock = systemClock, expiresAfterSeconds }: SignOptions,
  signRsa?: RsaSigner,
): Promise<Uint8Array> {
  const time = { nowSeconds: clock.nowMs() / 1000, ...(expiresAfterSeconds !== undefined && { expiresAfterSeconds }) };
  const signingKeys = keys.map(signingKey);
  const started = (index: MessageIndex) => {
    const why = unsignable(index);
    if (why !== undefined) throw new TypeError(`the message cannot be signed: ${why}`);
    const one = createDkimSigner(index, signingKeys, time, signRsa);
    return { signer: one, update: one.update, end: () => {} };
  };
  const { signer } = message instanceof Uint8Array ? readWhole(message, started) : await readMessage(message, started);
  return signer.finish();
}

export async function seal(
  message: Message,
  { report, authservId, ...key }: SealWith,
  { clock = systemClock }: Pick<SignOptions, 'clock'>,
): Promise<Uint8Array | undefined> {
  const { arc, results } = report;
  const nowSeconds = clock.nowMs() / 1000;
  const request: SealRequest = { arc, results, authservId, key: signingKey(key), nowSeconds };
  const { sealer } = await readMessage(message, (index) => {
    const one = createArcSealer(index, request);
    return { sealer: one, update: (chunk: Uint8Array) => one?.update(chunk), end: () => {} };
  });
  return sealer?.finish();
}

function factsOf({ from, spf, dkim = [] }: DmarcQuestion): DmarcFacts {
  const signatures = dkim.flatMap(({ domain: text, ...one }) => {
    const domain = parseDomainName(text);
    return domain === undefined ? [] : [{ ...one, domain }];
  });
  return { author: parseFromFields([Buffer.from(from, 'utf8')]), spf, dkim: signatures };
}

/** Throws a `TypeError`: what we are to sign with comes from the caller, not from a stranger. */
function signingKey({ domain, selector, privateKey }: SignWith): SigningKey {
  const name = parseDomainName(domain);
  const keyName = parseDomainName(`${selector}._domainkey.${name}`);
  if (name === undefined || keyName === undefined)
    throw new TypeError(`no key can stand at ${selector}._domainkey.${domain}`);
  const key = typeof privateKey === 'string' ? fromPem(privateKey) : privateKey;
  const kind = kindOfKey(key);
  if (!kind.ok) throw new TypeError(kind.say);
  const plainSelector = keyName.slice(0, -`._domainkey.${name}`.length);
  return { domain: name, selector: plainSelector, algorithm: kind.value.algorithm, privateKey: key };
}

function fromPem(pem: string): KeyObject {
  const imported = importPrivateKey(pem);
  if (!imported.ok) throw new TypeError(imported.say);
  return imported.value.privateKey;
}
