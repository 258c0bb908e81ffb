/** What became of a publication, for people: in one sentence, with what still stands and what to type next. Pure. */
import { parseDomainName } from '../../format/domain-name.ts';
import type { Prepared, PublishEnd } from '../../services/setup/publish/types.ts';
import { changeLines } from './render-changes.ts';
import { visible, wrapped } from './render-timeline.ts';
import type { Style } from './style.ts';
import { foldedCommand } from './typed-line.ts';

type Pen = {
  readonly style: Style;
  readonly width: number;
  readonly program: string;
  readonly domain: string;
  readonly again: string;
};

export function endLines(end: PublishEnd, { style, width, program, domain, again }: Pen): string[] {
  const say = (text: string, mark = (line: string) => line) => wrapped(visible(text), width).map(mark);
  switch (end.state) {
    case 'verified': {
      const servers = new Set(end.views.flatMap((view) => view.servers.map(({ server }) => server)));
      return [
        ...say(`Published: all of it shows at ${[...servers].join(', ')}.`, style.good),
        `  undo: ${program} publish ${domain} --undo ${end.id}`,
      ];
    }
    case 'made':
      return [
        ...say('Published. The host holds it; not every authoritative server shows it yet.', style.bold),
        ...end.views.flatMap(laggards).flatMap((line) => say(`  ${line}`)),
        `  next: ${program} watch ${domain}`,
        `  undo: ${program} publish ${domain} --undo ${end.id}`,
      ];
    case 'refused':
      return [
        ...say(end.say, style.bad),
        ...say('Nothing was changed. Once that is mended:'),
        ...foldedCommand(again, '  next: ', width),
      ];
    case 'undone':
      return [
        ...say(end.say, style.bad),
        ...say('What had been changed was taken back: the zone is as it was.'),
        ...foldedCommand(again, '  next: ', width),
      ];
    case 'broken':
      return [
        ...say(end.say, style.bad),
        ...say('Not all of it could be taken back. This stands, or may stand, in the zone:', style.bold),
        ...end.left.flatMap((change) => ['', ...changeLines(change, style, width)]),
        '',
        `  next: ${program} publish ${domain} --undo ${end.id}`,
      ];
  }
}

function laggards({
  change: { name, type },
  servers,
  say,
}: Extract<PublishEnd, { readonly state: 'made' }>['views'][number]): string[] {
  if (say !== undefined) return [`${name} ${type}: ${say}`];
  const words = { old: 'still shows the old state', other: 'shows something else', silent: 'does not answer', new: '' };
  return servers.flatMap(({ server, shows }) =>
    shows === 'new' ? [] : [`${name} ${type}: ${server} ${words[shows]}`],
  );
}

/** The zone was changed, and others answer for the domain: the commonest reason why nothing of it is seen. */
export function strangersLines(end: PublishEnd, { nameServers, zone }: Prepared['contents'], width: number): string[] {
  if (end.state !== 'made') return [];
  const asked = end.views.flatMap(({ servers }) => servers.map(({ server }) => server.replace(/ > .*/, '')));
  const own = nameServers.map((server) => server.toLowerCase().replace(/\.$/, ''));
  // A resolver or a file that stands for all servers has an address, or words, for a name.
  const named = asked.filter((server) => parseDomainName(server) !== undefined);
  if (own.length === 0 || named.length === 0 || named.some((server) => own.includes(server))) return [];
  const others = [...new Set(named)].join(', ');
  const say = `${zone} is answered by ${others}, and this zone names ${own.join(', ')}: is it the zone that the registrar points to?`;
  return wrapped(visible(say), width - 2).map((line, at) => `${at === 0 ? '! ' : '  '}${line}`);
}
