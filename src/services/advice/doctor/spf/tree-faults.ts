/** What is wrong in the records below the domain's own. Pure. */
import { type SpfTree, treeFaultOf } from '../../../../protocol/spf/include-tree.ts';

export type TreeFault = {
  /** The term that leads there, in the record of `at`. */
  readonly term: string;
  readonly at: string;
  readonly below: SpfTree;
  readonly fault: NonNullable<ReturnType<typeof treeFaultOf>>;
};

export function faultsBelow(tree: SpfTree): readonly TreeFault[] {
  const found = new Map<string, TreeFault>();
  const visit = ({ domain, terms }: SpfTree) => {
    for (const { text, below } of terms) {
      if (below === undefined) continue;
      const fault = treeFaultOf(below);
      const key = `${domain} ${text}`;
      if (fault !== undefined && !found.has(key)) found.set(key, { term: text, at: domain, below, fault });
      visit(below);
    }
  };
  visit(tree);
  return [...found.values()];
}

/** Whether the DNS did not answer for something that counts. */
export function isPartlyUnknown(tree: SpfTree): boolean {
  return faultsBelow(tree).some(({ fault }) => fault === 'dns-failed' || fault === 'not-read');
}
