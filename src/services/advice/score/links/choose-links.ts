/**
 * Which links of a message may be followed by somebody who is not its reader, and which are left alone. Pure.
 *
 * To follow a link can do something in the reader's name: unsubscribe, confirm an address, sign in, accept an invitation. RFC 9110 §9.2.1
 * says that GET and HEAD must not, and many sites do not keep to it. So a link is left alone when
 * - the header names it as the way to unsubscribe or subscribe, or the same place of the same site;
 * - its words, the sentence around it, or its address speak of an action (in twenty languages);
 * - its address is meant for one reader (a token, an id, a mail address), unless it is known to count clicks and nothing else; where that
 *   leads is judged in the same way.
 */
import type { MessageIndex } from '../../../../format/message/message-index.ts';
import { leavingWords } from '../bulk/leaving-words.ts';
import { fieldTexts } from '../content/judged.ts';
import type { Content, Link } from '../content/types.ts';
import { actionWords, saysNothing } from './action-words.ts';
import { isClickCounter } from './click-counters.ts';

type LeftLink = { readonly href: string; readonly say: string };
export type ChosenLink = { readonly href: string; readonly url: URL };

export type LinkChoice = {
  /** Each address once, in the order of the message. */
  readonly follow: readonly ChosenLink[];
  readonly left: readonly LeftLink[];
  /** There are as many to follow as are wanted: what is said around these was not looked at. */
  readonly over: readonly string[];
};

/** Whether an address may be followed, whatever is said around it; undefined when it may. */
export type WhyNot = (url: URL) => string | undefined;

/** A message with more has its first ones looked at. */
const addressesMax = 200;
/** One address under more words than these is no ordinary link. */
const wordingsMax = 10;

type Place = { readonly href: string; readonly url: URL; readonly texts: Set<string>; readonly isPlain: boolean };

/** @param most how many are wanted to be followed */
export function chooseLinks(content: Content, most: number): LinkChoice & { readonly whyNot: WhyNot } {
  const whyNot = whyNotFollow(listAddresses(content.index));
  const telling = tellingLinks(content);
  const follow: ChosenLink[] = [];
  const left: LeftLink[] = [];
  const over: string[] = [];
  for (const place of placesOf(content)) {
    const { href, url } = place;
    const isFull = follow.length >= most;
    const say = whyNot(url) ?? (isFull ? undefined : whyNotSaid(content, place, telling));
    if (say !== undefined) left.push({ href, say });
    else if (isFull) over.push(href);
    else follow.push({ href, url });
  }
  return { follow, left, over, whyNot };
}

function placesOf(content: Content): Iterable<Place> {
  const places = new Map<string, Place>();
  for (const link of content.webLinks) {
    const url = URL.parse(link.href, content.html?.base);
    if (url === null) continue;
    url.hash = '';
    const known = places.get(url.href);
    if (known !== undefined) known.texts.add(link.text);
    else if (places.size < addressesMax) places.set(url.href, placeOf(link, url));
  }
  return places.values();
}

function placeOf({ href, text, place }: Link, url: URL): Place {
  return { href, url, texts: new Set([text]), isPlain: place === 'text' };
}

// ---- by the address

const unsubscribes = 'the header names it as the way to leave or join the list';
const acts = 'it may do something in the reader’s name';
const isPersonal = 'it is meant for one reader';

function whyNotFollow(listed: readonly URL[]): WhyNot {
  return (url) => {
    if (listed.some((one) => isSamePlace(one, url))) return unsubscribes;
    const words = wordsOf(url);
    if (leavingWords.test(words) || actionWords.test(words)) return acts;
    return isForOneReader(url) && !isClickCounter(url) ? isPersonal : undefined;
  };
}

/** Web addresses in the fields of RFC 2369 that stand for an action, those too that were folded (§2) or stand without brackets. */
function listAddresses(index: MessageIndex): readonly URL[] {
  return ['list-unsubscribe', 'list-subscribe', 'list-owner', 'list-help'].flatMap((name) =>
    fieldTexts(index, name).flatMap((text) =>
      [...text.matchAll(/<([^<>]{1,4096})>|(https?:[^\s<>]{1,4096})/gi)].flatMap(([, bracketed, bare = '']) => {
        const url = URL.parse(bracketed?.replaceAll(/\s/g, '') ?? bare.replace(/,$/, ''));
        return url !== null && /^https?:$/.test(url.protocol) ? url : [];
      }),
    ),
  );
}

function isSamePlace(listed: URL, url: URL): boolean {
  if (listed.host !== url.host || pathOf(listed) !== pathOf(url)) return false;
  return pathOf(listed) !== '' || listed.search === url.search;
}

/** Many sites take `/Leave`, `/leave/` and `//leave` for one page. */
function pathOf({ pathname }: URL): string {
  return pathname.toLowerCase().split('/').filter(Boolean).join('/');
}

/** An address as words, as it stands and with its capitals as beginnings: `confirmEmail?do=opt_out` says `confirm Email do opt out`. */
function wordsOf({ hostname, pathname, search }: URL): string {
  const text = decoded(`${hostname} ${pathname} ${search}`);
  const apart = (one: string) => one.replaceAll(/[^\p{L}\p{N}-]+/gu, ' ');
  return `${apart(text)} ${apart(text.replaceAll(/([a-z])([A-Z])/g, '$1 $2'))}`;
}

/** Piece by piece: one that cannot be decoded must not hide the others. */
function decoded(text: string): string {
  const pieces = text.replaceAll(/(?:%[\da-f]{2})+/gi, (piece) => {
    try {
      return decodeURIComponent(piece);
    } catch {
      return piece;
    }
  });
  return pieces.normalize('NFKC');
}

/** Names of values that services put there for each reader. */
const personalNames =
  /^(?:token|code|otp|key|sig|sign|signature|hash|hmac|jwt|nonce|ticket|auth|access[-_]?token|secret|uid|uuid|user(?:[-_]?id)?|e?mail|e|recipient|rcpt|subscriber(?:[-_]?id)?|contact(?:[-_]?id)?|member(?:[-_]?id)?|customer(?:[-_]?id)?|mc_eid|_hsenc|sid|u)$/i;

function isForOneReader(url: URL): boolean {
  const values = [...url.searchParams];
  if (values.some(([name, value]) => personalNames.test(name) || looksSecret(value) || looksSecret(name))) return true;
  if (/@|%40/i.test(`${url.pathname}${url.search}`)) return true;
  return url.pathname.split('/').some(looksSecret);
}

const secretMin = 16;
/** Of neighbours in a text: `5f3a8c1e` changes at nearly each, a title in words at none. */
const changesPercent = 18;

/** What no person wrote: long, and changing between digits, capitals and small letters; or a number too long to be counted. */
export function looksSecret(text: string): boolean {
  if (/\d{12}/.test(text)) return true;
  if (text.length < secretMin || !/^[\w~.=+%:-]+$/.test(text)) return false;
  if (/^[\da-f]{8}-[\da-f]{4}-/i.test(text) || /^eyJ/.test(text)) return true;
  let changes = 0;
  for (let at = 1; at < text.length; at++) {
    const [before, here] = [kindOf(text.charCodeAt(at - 1)), kindOf(text.charCodeAt(at))];
    if (before !== 0 && here !== 0 && before !== here) changes++;
  }
  return changes * 100 >= (text.length - 1) * changesPercent;
}

function kindOf(code: number): 0 | 1 | 2 | 3 {
  if (code >= 0x30 && code <= 0x39) return 1;
  if (code >= 0x41 && code <= 0x5a) return 2;
  return code >= 0x61 && code <= 0x7a ? 3 : 0;
}

// ---- by what is said

function whyNotSaid(
  content: Content,
  { href, texts, isPlain }: Place,
  telling: RegExp | undefined,
): string | undefined {
  if (texts.size > wordingsMax) return 'it stands under many different words';
  const words = [...texts];
  const around = isPlain
    ? linesWith(content.plain ?? '', href)
    : words.flatMap((text) => sentencesWith(content, text, telling));
  if ([...words, ...around].some(saysThatItActs)) return acts;
  const isSilent = around.length === 0 && (isPlain || words.every(saysNothing));
  return isSilent ? 'nothing tells where it leads' : undefined;
}

/** However its letters are composed. */
function saysThatItActs(text: string): boolean {
  const plain = text.normalize('NFKC');
  return leavingWords.test(plain) || actionWords.test(plain);
}

const placesMax = 8;
/** As much as is kept of the text of an HTML mail, ten times over. */
const plainReadMax = 200_000;
const aroundMax = 160;

/** In a text without HTML: its line with the one above that has words. */
function linesWith(plain: string, href: string): readonly string[] {
  const text = plain.slice(0, plainReadMax);
  return placesIn(text, href).map((at) => {
    const before = text.slice(Math.max(at - aroundMax * 2, 0), at).split(/[\r\n]+\s*/);
    const [after = ''] = text.slice(at + href.length, at + href.length + aroundMax).split(/[\r\n]/, 1);
    return `${before.slice(-2).join(' ')} ${after}`;
  });
}

const ends = /[.!?|•·。！？]/;
const tellingMax = 50;

/** Links that say themselves that they act: they speak for themselves, and not for the link beside them. */
function tellingLinks({ links }: Content): RegExp | undefined {
  const texts = new Set<string>();
  for (const { text } of links) {
    if (texts.size >= tellingMax) break;
    if (text.length <= aroundMax && saysThatItActs(text)) texts.add(text);
  }
  return texts.size === 0 ? undefined : new RegExp([...texts].map((text) => RegExp.escape(text)).join('|'), 'u');
}

/** The shown sentences in which these words stand; more around words like `here`, which mean what was said before. */
function sentencesWith({ html }: Content, words: string, telling: RegExp | undefined): readonly string[] {
  if (html === undefined || words === '') return [];
  const isEmpty = saysNothing(words);
  return placesIn(html.text, words).map((at) => {
    const before = html.text.slice(Math.max(at - aroundMax, 0), at);
    const after = html.text.slice(at + words.length, at + words.length + aroundMax);
    if (isEmpty) return before + after;
    const last = (text: string, end: RegExp) => text.split(end).at(-1) ?? '';
    const first = (text: string, end: RegExp) => text.split(end, 1)[0] ?? '';
    const sentence = [last(before, ends), ends.test(words.slice(-1)) ? '' : first(after, ends)] as const;
    if (telling === undefined) return sentence.join(words);
    return `${last(sentence[0], telling)}${words}${first(sentence[1], telling)}`;
  });
}

function placesIn(text: string, part: string): readonly number[] {
  const found: number[] = [];
  for (let at = text.indexOf(part); at >= 0 && found.length < placesMax; at = text.indexOf(part, at + part.length))
    found.push(at);
  return found;
}
