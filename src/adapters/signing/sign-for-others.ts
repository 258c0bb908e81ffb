/**
 * The far side of `signing-thread.ts`: a thread that signs what it is handed, one message after the other. RSA in place, since nobody
 * waits for this thread's event loop, and the way to the pool costs 0.05 ms.
 */
import { sign } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { invariant } from '../../base/outcome.ts';
import type { RsaSigner } from '../../protocol/dkim/rsa-signer.ts';
import { type SigningKey, signDkim } from '../../protocol/dkim/sign-dkim.ts';
import type { SigningAnswer, SigningOrder } from './signing-thread.ts';

const keySets = new Map<number, readonly SigningKey[]>();
const signRsa: RsaSigner = async (octets, key) => sign('sha256', octets, key);

async function answerTo({ id, bytes, keySet, keys, isFirstSet, time }: SigningOrder): Promise<SigningAnswer> {
  if (isFirstSet) keySets.clear();
  if (keys) keySets.set(keySet, keys);
  const set = keySets.get(keySet);
  invariant(set, 'keys come with the first message they sign');
  try {
    return { id, fields: await signDkim(bytes, set, time, signRsa) };
  } catch {
    return { id, fields: undefined }; // whoever asked tries by himself, and learns why
  }
}

parentPort?.on(
  'message',
  (order: SigningOrder) => void answerTo(order).then((answer) => parentPort?.postMessage(answer)),
);
parentPort?.postMessage('ready');
