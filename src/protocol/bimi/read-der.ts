/** As much of DER as it takes to find a logo inside a certificate: the texts of one extension. Bounded; nonsense has no texts. Pure. X.690 §8 */

type Item = { readonly tag: number; readonly content: Uint8Array; readonly end: number };

/** Nothing in a certificate lies deeper. (Our choice.) */
const depthMax = 24;
const ia5String = 0x16;
const constructed = 0x20;

function itemAt(der: Uint8Array, at: number): Item | undefined {
  const [tag, first] = [der[at], der[at + 1]];
  if (tag === undefined || first === undefined) return undefined;
  if (first < 0x80) return within(der, { tag, start: at + 2, length: first });
  const count = first & 0x7f;
  if (count === 0 || count > 4) return undefined; // DER has no indefinite lengths
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + (der[at + 2 + i] ?? 0);
  return within(der, { tag, start: at + 2 + count, length });
}

function within(
  der: Uint8Array,
  { tag, start, length }: { tag: number; start: number; length: number },
): Item | undefined {
  const end = start + length;
  return end > der.length ? undefined : { tag, content: der.subarray(start, end), end };
}

function itemsIn(der: Uint8Array): readonly Item[] {
  const items: Item[] = [];
  for (let at = 0; at < der.length; ) {
    const item = itemAt(der, at);
    if (item === undefined) return items;
    items.push(item);
    at = item.end;
  }
  return items;
}

/** The IA5 texts of the extension with this object identifier (DER of its content). */
export function extensionTexts(certificate: Uint8Array, identifier: Uint8Array): readonly string[] {
  const value = extensionIn(certificate, identifier, 0);
  return value === undefined ? [] : textsIn(value, 0);
}

/** An extension is a sequence of its identifier, perhaps whether it is critical, and an octet string. RFC 5280 §4.1 */
function extensionIn(der: Uint8Array, identifier: Uint8Array, depth: number): Uint8Array | undefined {
  if (depth > depthMax) return undefined;
  const items = itemsIn(der);
  const [first] = items;
  if (first?.tag === 0x06 && Buffer.compare(first.content, identifier) === 0)
    return items.find(({ tag }) => tag === 0x04)?.content;
  for (const { tag, content } of items) {
    const found = (tag & constructed) === 0 ? undefined : extensionIn(content, identifier, depth + 1);
    if (found !== undefined) return found;
  }
  return undefined;
}

function textsIn(der: Uint8Array, depth: number): readonly string[] {
  if (depth > depthMax) return [];
  return itemsIn(der).flatMap(({ tag, content }) => {
    if (tag === ia5String) return [Buffer.from(content).toString('latin1')];
    return (tag & constructed) === 0 ? [] : textsIn(content, depth + 1);
  });
}
