/** The beginning of each b= that tells a signature from the others of its message (`header.b` in results). RFC 6008 §3 */

const prefixMin = 8; // RFC 6008 §4
const prefixMax = 64; // the same signature twice cannot be told apart at any length

/** @param signatures base64 without blanks; '' where a field has none */
export function signaturePrefixes(signatures: readonly string[]): readonly string[] {
  if (signatures.length === 1) return signatures.map((signature) => signature.slice(0, prefixMin));
  for (let length = prefixMin; ; length += prefixMin) {
    const prefixes = signatures.map((signature) => signature.slice(0, length));
    const distinct = new Set(prefixes);
    if (distinct.size === new Set(signatures).size || length >= prefixMax) return prefixes;
  }
}
