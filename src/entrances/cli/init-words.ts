/** Texts of `init`: the settings file, a declaration as it is typed, what became of a publication. Pure. */
import type { PublishEnd } from '../../services/setup/publish/types.ts';
import type { Declaration, Plan } from '../../services/setup/types.ts';
import { showSenders } from '../http/show-setup.ts';

export function settingsText(hostname: string, folder: string): string {
  return [
    '# Written by `posthorn init`. Every setting with its meaning: posthorn config explain',
    `hostname = ${JSON.stringify(hostname)}`,
    `data = ${JSON.stringify(folder)}`,
    '',
    '# Ports below 1024 need the right to listen there (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE).',
    '# [listen]',
    '# mx = "0.0.0.0:25"',
    '# submission = "0.0.0.0:587"',
    '# submissions = "0.0.0.0:465"',
    '',
  ].join('\n');
}

/** A declared sender as it is typed again. */
export function asTyped({ sender, parameters }: Declaration['senders'][number]): string {
  const values = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return values.length === 0 ? sender : `${sender}:${values.join(',')}`;
}

/** What was declared besides the senders stays. */
export function written(before: Declaration): object {
  const { object: _, domain: __, senders: ___, ...rest } = showSenders(before);
  return rest;
}

export function isComplete({ records }: Plan): boolean {
  return records.every(({ state, needed }) => state === 'present' || needed !== 'required');
}

/** The wizard has next commands of its own. */
export function withoutNext(lines: readonly string[]): string[] {
  const end = lines.findIndex((line) => /^ *(?:next|as a zone file): /.test(line));
  const kept = end < 0 ? [...lines] : lines.slice(0, end);
  while (kept.at(-1)?.trim() === '') kept.pop();
  return kept;
}

export function publishedSentence(end: PublishEnd | undefined): string {
  switch (end?.state) {
    case undefined:
      return 'Nothing was published.';
    case 'verified':
      return 'Published: every name server shows it.';
    case 'made':
      return 'Published; not every name server shows it yet.';
    case 'refused':
      return `Nothing was changed: ${end.say}`;
    case 'undone':
      return `What was changed was taken back: ${end.say}`;
    case 'broken':
      return `It was broken off, and some of it stands: ${end.say}`;
  }
}

/** Options go before a line's end that goes on in the next one. */
export function insertBefore(words: readonly string[], options: readonly string[]): string[] {
  return words.at(-1) === '\\' ? [...words.slice(0, -1), ...options, '\\'] : [...words, ...options];
}
