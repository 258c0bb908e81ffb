/** What the servers of the domain's zone said each for itself: which of them answered, and who gave none. Pure. */
import type { ServerFacts, ServerRound } from './gather/zone.ts';

export type ServersHeard = {
  /** Answered at least one question, with records or without. */
  readonly answering: readonly string[];
  /** Answered none. */
  readonly silent: readonly string[];
};

/** Of an alias the first server: the others are somebody else's. */
const ownServer = (server: string) => server.split(' > ')[0] as string;

export function serversHeard(servers: ServerFacts | undefined): ServersHeard {
  const rounds: readonly ServerRound[] = servers === undefined ? [] : [servers.mx, servers.txt];
  const answers = rounds.flatMap(({ said }) => (said.kind === 'asked' ? said.answers : []));
  const all = [...new Set(answers.map(({ server }) => ownServer(server)))].sort();
  const good = new Set(answers.filter(({ answer }) => answer.kind !== 'failed').map(({ server }) => ownServer(server)));
  return { answering: all.filter((name) => good.has(name)), silent: all.filter((name) => !good.has(name)) };
}
