/**
 * Records as the tree of names they form: which names exist (also those that only have names below them), what a name holds,
 * and what a wildcard stands in for. RFC 1034 §4.3.2 and RFC 4592, for the zone resolver and for our own name server.
 */
import { type DnsName, dnsNameKey } from '../../format/dns-name.ts';
import { type DnsRecord, typeCodeOf } from '../../format/dns-record.ts';

/** The records of one name by type code. Empty for a name that exists only because of names below it. */
export type RecordNode = ReadonlyMap<number, readonly DnsRecord[]>;

/** Every existing name, the ones above it included, by `dnsNameKey`. */
export type RecordTree = ReadonlyMap<string, RecordNode>;

/** `alsoExisting` are names that hold something we know nothing about. */
export function buildTree(records: Iterable<DnsRecord>, alsoExisting: Iterable<DnsName> = []): RecordTree {
  const steps = treeInSteps(records, alsoExisting);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** Names that are looked at in one step. */
const stepNames = 500;

/** The same, for whoever has other work in between. */
export function* treeInSteps(
  records: Iterable<DnsRecord>,
  alsoExisting: Iterable<DnsName>,
): Generator<void, RecordTree> {
  const tree = new Map<string, Map<number, DnsRecord[]>>();
  let seen = 0;
  for (const record of records) {
    if (++seen % stepNames === 0) yield;
    const node = grow(tree, record.name);
    const code = typeCodeOf(record.data);
    const set = node.get(code);
    if (set === undefined) node.set(code, [record]);
    else set.push(record);
  }
  for (const name of alsoExisting) {
    if (++seen % stepNames === 0) yield;
    grow(tree, name);
  }
  return tree;
}

/** The node of `name`, made together with all above it. RFC 4592 §2.2.2: empty non-terminals exist. */
function grow(tree: Map<string, Map<number, DnsRecord[]>>, name: DnsName): Map<number, DnsRecord[]> {
  for (let above = 1; above <= name.length; above++) {
    const key = dnsNameKey(name.slice(above));
    if (tree.has(key)) break;
    tree.set(key, new Map());
  }
  const key = dnsNameKey(name);
  const node = tree.get(key) ?? new Map<number, DnsRecord[]>();
  tree.set(key, node);
  return node;
}

export type Found =
  | { readonly kind: 'exact'; readonly node: RecordNode }
  /** The name does not exist, but `*.` its closest existing ancestor does. RFC 4592 §3.3.1 */
  | { readonly kind: 'wildcard'; readonly node: RecordNode }
  | { readonly kind: 'missing' };

export function findName(tree: RecordTree, name: DnsName): Found {
  const exact = tree.get(dnsNameKey(name));
  if (exact !== undefined) return { kind: 'exact', node: exact };
  for (let above = 1; above <= name.length; above++) {
    const encloser = name.slice(above);
    if (!tree.has(dnsNameKey(encloser))) continue;
    const node = tree.get(dnsNameKey(['*', ...encloser]));
    return node === undefined ? { kind: 'missing' } : { kind: 'wildcard', node };
  }
  return { kind: 'missing' };
}
