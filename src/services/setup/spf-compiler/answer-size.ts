/** How large the DNS answer with all TXT values of a name is, and what that means for those who ask. Pure. */
import type { SpfProblem } from './types.ts';

const stringMax = 255; // RFC 1035 §3.3.14
const answerGoal = 450; // RFC 7208 §3.4: what fits into an answer over UDP, whatever comes with it
const answerWarn = 512; // RFC 1035 §2.3.4: larger ones need EDNS or TCP
const answerMax = 1_232; // what the resolvers of the DNS flag day 2020 take in one datagram

/** Of the answer to a question for the TXT records of `name`. RFC 1035 §4.1 */
export function txtAnswerOctets(name: string, values: readonly string[]): number {
  const header = 12;
  const question = name.length + 2 + 4;
  const record = 2 + 10; // the name as a pointer; type, class, TTL and length
  return values.reduce(
    (sum, { length }) => sum + record + length + Math.max(1, Math.ceil(length / stringMax)),
    header + question,
  );
}

/** The longest value that stands alone at `name` within the goal. */
export function roomAlone(name: string, goal = answerGoal): number {
  let room = goal - txtAnswerOctets(name, ['']);
  while (txtAnswerOctets(name, ['x'.repeat(room)]) > goal) room--;
  return room;
}

export function sizeProblem(octets: number, others: number): SpfProblem | undefined {
  if (octets <= answerGoal) return undefined;
  const what = others === 0 ? '' : `, ${others} other TXT ${others === 1 ? 'value' : 'values'} included`;
  const say = `the answer with this record has ${octets} octets${what}`;
  if (octets > answerMax)
    return {
      code: 'size',
      severity: 'error',
      say: `${say}: more than ${answerMax} do not fit into one datagram, and some receivers will not get it`,
      fix: 'flatten into a chain, or take TXT values away that are no longer needed',
    };
  if (octets > answerWarn)
    return { code: 'size', severity: 'warning', say: `${say}: above ${answerWarn} old resolvers ask again over TCP` };
  return { code: 'size', severity: 'notice', say: `${say}: the goal is ${answerGoal}` };
}
