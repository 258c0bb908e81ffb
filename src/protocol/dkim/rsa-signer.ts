/**
 * RSA signatures in the thread pool, so that all cores sign while the event loop goes on, and only a few at a time: with threads enough to
 * keep every core busy, the kernel leaves the event loop without one for a whole time slice.
 */
import { type KeyObject, sign } from 'node:crypto';

/** RSASSA-PKCS1-v1_5 with SHA-256 over the octets. RFC 6376 §3.3.2 */
export type RsaSigner = (octets: Uint8Array, key: KeyObject) => Promise<Buffer>;

/**
 * As many as Node's pool has threads unless told otherwise. On 2 cores with eight callers: 2 under way give 1.1 times one thread's rate, 4 and
 * 8 both 1.45 times; the event loop waits 0.8, 1.1 and 2 to 3 ms at the 99th percentile.
 */
const atOnceDefault = 4;

/** A signature of 2048 bits takes 0.3 to 0.6 ms, one of 4096 six times as long: longer than an event loop should wait. */
const inPlaceBitsMax = 2_048;

/**
 * For a caller who is alone: the way to the pool and back takes a sixth of a signature's time, and nobody else needs the event loop.
 * Larger keys go to `inPool` all the same.
 */
export function createRsaSignerInPlace(inPool: RsaSigner): RsaSigner {
  return async (octets, key) => {
    const bits = key.asymmetricKeyDetails?.modulusLength ?? Number.POSITIVE_INFINITY;
    return bits > inPlaceBitsMax ? inPool(octets, key) : sign('sha256', octets, key);
  };
}

/** Whoever signs a lot shares one. */
export function createRsaSigner(atOnceMax = atOnceDefault): RsaSigner {
  const waiting: (() => void)[] = [];
  let underWay = 0;
  const startNext = () => {
    while (underWay < atOnceMax && waiting.length > 0) waiting.shift()?.();
  };
  return (octets, key) =>
    new Promise((resolve, reject) => {
      waiting.push(() => {
        try {
          sign('sha256', octets, key, (error, signature) => {
            underWay--;
            startNext();
            if (error === null) resolve(signature);
            else reject(error);
          });
          underWay++;
        } catch (error) {
          reject(error); // a key that cannot sign is told at once; those who wait have nothing to do with it
        }
      });
      startNext();
    });
}
