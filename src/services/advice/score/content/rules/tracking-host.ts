/** MSG-11: where clicks and opening are counted, it is under the sender's own name. */
import { isTrackingHost } from '../data/tracking-hosts.ts';
import { failed, isSameOrganization, passed, seen, skipped, someOf, steps } from '../judged.ts';
import type { Content, ContentRule } from '../types.ts';
import { isPixel } from './image-only.ts';

export const trackingHost: ContentRule<'MSG-11'> = {
  id: 'MSG-11',
  judge: (content) => {
    const subject = 'tracking';
    const { domain: author } = content.facts;
    if (author === undefined) return [skipped({ subject, meaning: 'It is not clear who the sender is.' })];
    const hosts = countingHosts(content);
    if (hosts.length === 0)
      return [passed({ subject, meaning: 'Nothing in the message counts clicks or opening through others.' })];
    const foreign = hosts.filter(({ host }) => !isSameOrganization(content, host, author));
    const [first] = foreign;
    if (first === undefined) return [passed({ subject, meaning: `What is counted is counted under ${author}.` })];
    const meaning = `${first.what === 'click' ? 'Clicks' : 'Opening'} ${first.what === 'click' ? 'are' : 'is'} counted by ${first.host}, which is not a name of ${author}.`;
    const evidence = someOf(foreign, ({ host, what }) => seen(what === 'click' ? 'link through' : 'pixel at', host));
    const fix = steps(
      `Set up a tracking name below ${author} at the service that sends, for example links.${author}, and publish the CNAME it gives you.`,
      'Or turn counting off.',
    );
    return [failed({ subject, meaning, evidence, fix })];
  },
};

type Counting = { readonly host: string; readonly what: 'click' | 'pixel' };

/** Each once: hosts known for it, and hosts of pictures that are too small to be looked at. */
function countingHosts(content: Content): readonly Counting[] {
  const found = new Map<string, Counting>();
  for (const host of new Set(content.webLinks.map((link) => link.host)))
    if (isTrackingHost(host)) found.set(host, { host, what: 'click' });
  const ordinary = new Set<string>();
  let root = noRoot; // pictures of one message come from one or two places
  for (const image of content.html?.images ?? []) {
    if (!image.src.startsWith(root.start)) root = rootOf(image.src);
    const { host } = root;
    if (host === undefined || found.has(host)) continue;
    const isCounting = isPixel(image) || (!ordinary.has(host) && isTrackingHost(host));
    if (isCounting) found.set(host, { host, what: 'pixel' });
    else ordinary.add(host);
  }
  return [...found.values()];
}

/** What all addresses of the host begin with, up to what ends its name. */
type Root = { readonly start: string; readonly host: string | undefined };
const noRoot: Root = { start: '\0', host: undefined }; // no address begins so

function rootOf(src: string): Root {
  const [start = '', written, end] = /^https?:\/\/([a-z0-9.-]{1,253})([:/?#]|$)/i.exec(src) ?? [];
  if (written === undefined) return noRoot;
  return { start: end === '' ? noRoot.start : start, host: written.toLowerCase() };
}
