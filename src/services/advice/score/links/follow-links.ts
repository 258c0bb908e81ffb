/**
 * Follows the links of a message that may be followed, to see whether the pages are there: HEAD, and GET where HEAD does not bring a page,
 * of which nothing is read. Redirects are judged like links before they are followed. Bounded in links, redirects and time; what could not
 * be found out is unknown, and costs nothing.
 */
import { eachAtOnce } from '../../../../base/at-once.ts';
import type { Timers } from '../../../../base/clock.ts';
import type { AskWeb, WebAnswer } from '../../../../base/port/web.ts';
import { count } from '../content/judged.ts';
import type { Content, LinkProbe } from '../content/types.ts';
import { type ChosenLink, chooseLinks, type WhyNot } from './choose-links.ts';

/** Our choice: whoever may have a message scored must not have us knock at a hundred doors. */
export const linkLimits = {
  linksMax: 20,
  atOnce: 5,
  /** As many as a short link and a click counter or two take. */
  redirectsMax: 5,
  requestMs: 8_000,
  allMs: 20_000,
};

export type FollowPorts = { readonly web: AskWeb; readonly timers: Timers };

export async function followLinks(ports: FollowPorts, content: Content): Promise<readonly LinkProbe[]> {
  const { follow, left, over, whyNot } = chooseLinks(content, linkLimits.linksMax);
  const abort = new AbortController();
  const cancel = ports.timers.after(linkLimits.allMs, () => abort.abort());
  try {
    const walk = { ...ports, whyNot, signal: abort.signal };
    const ends = await eachAtOnce(follow, linkLimits.atOnce, (link) => followOne(walk, link));
    return [
      ...ends,
      ...over.map((href) => probe(href, 'unknown', `not followed: ${count(linkLimits.linksMax, 'other')} were`)),
      ...left.map(({ href, say }) => probe(href, 'left', say)),
    ];
  } finally {
    cancel();
  }
}

type Walk = FollowPorts & { readonly whyNot: WhyNot; readonly signal: AbortSignal };

async function followOne(walk: Walk, { href, url }: ChosenLink): Promise<LinkProbe> {
  let at = url;
  for (let redirects = 0; redirects <= linkLimits.redirectsMax; redirects++) {
    if (walk.signal.aborted) return probe(href, 'unknown', 'not followed: the time was up');
    const answer = await look(walk, at);
    const next = nextOf(answer, at);
    if (next === undefined) return { href, ...endOf(answer) };
    const whyNot = walk.whyNot(next);
    if (whyNot !== undefined) return probe(href, 'left', `it leads on to ${next.host}, and there ${whyNot}`);
    at = next;
  }
  return probe(href, 'unknown', `it leads on and on: more than ${linkLimits.redirectsMax} redirects`);
}

/** Many sites answer HEAD with an error, or with another one than GET. */
async function look({ web, signal }: Walk, { href }: URL): Promise<WebAnswer> {
  const wish = { octetsMax: 0, timeMs: linkLimits.requestMs, plain: true, signal };
  const head = await web(href, { ...wish, method: 'HEAD' });
  return head.ok && head.value.status >= 400 ? web(href, { ...wish, method: 'GET' }) : head;
}

function nextOf(answer: WebAnswer, from: URL): URL | undefined {
  if (!answer.ok || answer.value.status < 300 || answer.value.status >= 400) return undefined;
  const { location } = answer.value;
  const next = location === undefined ? null : URL.parse(location, from.href);
  if (next === null || !/^https?:$/.test(next.protocol)) return undefined;
  next.hash = '';
  return next;
}

/** Broken is only what nobody else can reach either; a refusal of ours, or of somebody who does not like programs, says nothing. */
function endOf(answer: WebAnswer): Pick<LinkProbe, 'end' | 'say'> {
  if (!answer.ok) {
    const isBroken = answer.code === 'no-address' || answer.code === 'refused';
    return { end: isBroken ? 'broken' : 'unknown', say: answer.say };
  }
  const { status } = answer.value;
  if (status >= 200 && status < 300) return { end: 'works', say: `it is there (${status})` };
  if (status === 404 || status === 410) return { end: 'broken', say: `there is nothing at the address (${status})` };
  if (status >= 300 && status < 400) return { end: 'unknown', say: `it leads on, and does not say where (${status})` };
  return { end: 'unknown', say: `its site answered with status ${status}` };
}

function probe(href: string, end: LinkProbe['end'], say: string): LinkProbe {
  return { href, end, say };
}
