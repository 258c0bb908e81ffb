/** What `publish` lists: publications so far, and the kinds of DNS hosts. */
import type { DomainName } from '../../format/domain-name.ts';
import type { Publication } from '../../services/setup/publish/types.ts';
import type { Answer } from './answer.ts';
import { publicationDocument } from './publish-document.ts';
import { moment, tableLines } from './render-table.ts';
import { wrapped } from './render-timeline.ts';
import type { Run } from './run.ts';

export function historyAnswer(domain: DomainName, publications: readonly Publication[]): Answer {
  return {
    document: publications.map(publicationDocument),
    rows: publications.map(publicationDocument),
    value: publications.map(({ id }) => id).join('\n'),
    lines: (style, columns) =>
      publications.length === 0
        ? [`Nothing was published for ${domain} yet.`]
        : tableLines(
            publications,
            [
              { title: 'publication', text: ({ id }) => id },
              { title: 'when', text: ({ atMs }) => moment(new Date(atMs).toISOString()) },
              { title: 'became', text: ({ state, undoes }) => (undoes === undefined ? state : `${state} (an undo)`) },
              { title: 'sets', text: ({ changes }) => String(changes.length) },
              { title: 'host', text: ({ host }) => host },
              { title: 'said', text: ({ say = '' }) => say },
            ],
            style,
            columns,
          ),
  };
}

export async function hostsAnswer(run: Run): Promise<Answer> {
  const hosts = await run.host.dnsHosts();
  const document = hosts.map(({ kind, name, settings }) => ({
    kind,
    name,
    settings: settings.map(({ name: variable, what, fallback }) => ({
      name: variable,
      what,
      ...(fallback !== undefined && { default: fallback }),
    })),
  }));
  return {
    document,
    value: hosts.map(({ kind }) => kind).join('\n'),
    lines: (style, columns) => {
      const width = Math.max(40, columns ?? 80);
      return [
        ...wrapped(
          'Each variable of the environment may also be given as NAME_FILE: a file that holds the value.',
          width,
        ),
        ...hosts.flatMap(({ kind, name, settings }) => [
          '',
          `${style.bold(kind)}  ${name}`,
          ...settings.flatMap(({ name: variable, what, fallback }) => [
            `  ${variable}${fallback ? style.dim(`  (default: ${fallback})`) : fallback === '' ? style.dim('  (may be absent)') : ''}`,
            ...wrapped(what, width - 4).map((line) => `    ${line}`),
          ]),
        ]),
      ];
    },
  };
}
