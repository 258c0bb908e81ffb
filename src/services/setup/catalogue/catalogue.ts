/**
 * The catalogue of senders: from data files, one a sender, to what can be looked up. A new sender is a new file and nothing else; a
 * file with a fault stops the catalogue and is named, with the member that is wrong. Pure.
 */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import type { Catalogue, SenderDefinition, SenderFile, TraceKind } from '../types.ts';
import { checkDefinition, traceKinds } from './check-definition.ts';
import { longestFit, type NamePattern, namePattern } from './name-patterns.ts';

type OwnedPattern = NamePattern & { readonly sender: SenderDefinition };

export function readCatalogue(files: readonly SenderFile[]): Outcome<Catalogue, 'bad-sender-file'> {
  const definitions: SenderDefinition[] = [];
  for (const { path, text } of files) {
    const id = path.slice(path.lastIndexOf('/') + 1).replace(/\.json$/, '');
    const checked = checkDefinition(parseJson(text), id);
    if (!checked.ok) return refuse('bad-sender-file', `${path}: ${checked.say}`);
    definitions.push(checked.value);
  }
  return accept(makeCatalogue(definitions));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // which is no definition either
  }
}

/** Of definitions that have been checked. */
export function makeCatalogue(definitions: readonly SenderDefinition[]): Catalogue {
  const byId = new Map(definitions.map((definition) => [definition.id, definition]));
  const patterns = new Map(traceKinds.map((kind) => [kind, patternsOf(definitions, kind)]));
  return {
    all: [...definitions].sort((one, other) => (one.id < other.id ? -1 : 1)),
    find: (id) => byId.get(id),
    recogniseName: (kind, name) => {
      const fit = longestFit(patterns.get(kind) ?? [], name.toLowerCase().replace(/\.$/, ''));
      return fit && { sender: fit.sender, pattern: fit.text };
    },
  };
}

function patternsOf(definitions: readonly SenderDefinition[], kind: TraceKind): OwnedPattern[] {
  return definitions.flatMap((sender) =>
    sender.traces[kind].flatMap((text) => {
      const pattern = namePattern(text);
      return pattern ? [{ ...pattern, sender }] : [];
    }),
  );
}
