/** Runs one comparison: our answers, each peer's answers, and what explains the differences. */
import type { Deviation } from './known-deviations.ts';
import { type Answer, ask, type Peer } from './peer.ts';

export type Comparison<Case extends { readonly id: number }, Ours> = {
  readonly name: string;
  readonly cases: number;
  readonly peers: readonly Peer[];
  /** What the peers' programs are told to do. */
  readonly job: string;
  readonly make: (count: number, seed: number) => Promise<readonly Case[]>;
  readonly ours: (one: Case) => Promise<Ours>;
  readonly agrees: (ours: Ours, theirs: Answer, one: Case) => boolean | Promise<boolean>;
  readonly deviations: readonly Deviation<Case, Ours>[];
  /** For people: the case, our answer, theirs. */
  readonly describe: (one: Case, ours: Ours) => string;
};

/** A comparison with its types put away, so that there can be a list of them. */
export type AnyComparison = {
  readonly name: string;
  readonly cases: number;
  readonly run: (count: number, seed: number, onlyCase?: number) => Promise<readonly Report[]>;
};

export type Report = {
  readonly peer: string;
  readonly skipped?: string;
  readonly same: number;
  readonly explained: ReadonlyMap<string, number>;
  readonly unexplained: readonly string[];
};

export function comparison<Case extends { readonly id: number }, Ours>(given: Comparison<Case, Ours>): AnyComparison {
  return {
    name: given.name,
    cases: given.cases,
    run: async (count, seed, onlyCase) => {
      const made = await given.make(count, seed);
      const cases = onlyCase === undefined ? made : made.filter(({ id }) => id === onlyCase);
      const ours = new Map<number, Ours>();
      for (const one of cases) ours.set(one.id, await given.ours(one));
      const reports: Report[] = [];
      for (const peer of given.peers) reports.push(await compare(given, peer, cases, ours, onlyCase !== undefined));
      return reports;
    },
  };
}

async function compare<Case extends { readonly id: number }, Ours>(
  given: Comparison<Case, Ours>,
  peer: Peer,
  cases: readonly Case[],
  ours: ReadonlyMap<number, Ours>,
  showAll: boolean,
): Promise<Report> {
  const skipped = peer.missing();
  if (skipped !== undefined) return { peer: peer.name, skipped, same: 0, explained: new Map(), unexplained: [] };
  const answers = await ask(peer, given.job, cases);
  const explained = new Map<string, number>();
  const unexplained: string[] = [];
  let same = 0;
  for (const one of cases) {
    const mine = ours.get(one.id);
    const theirs = answers.get(one.id);
    if (mine === undefined || theirs === undefined) continue; // ask() has seen to it that both are there
    const describe = () => `case ${one.id}: ${given.describe(one, mine)}\nTHEY: ${JSON.stringify(theirs)}`;
    if (await given.agrees(mine, theirs, one)) {
      same++;
      if (showAll) unexplained.push(describe());
      continue;
    }
    const known = given.deviations.find((entry) => entry.peer === peer.name && entry.explains(one, mine, theirs));
    if (known === undefined) unexplained.push(describe());
    else explained.set(known.rule, (explained.get(known.rule) ?? 0) + 1);
  }
  return { peer: peer.name, same, explained, unexplained };
}
