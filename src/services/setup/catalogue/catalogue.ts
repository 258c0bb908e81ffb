/**
 * The catalogue of senders: from data files, one a sender, to what can be looked up. A new sender is a new file and nothing else; a
 * file with a fault stops the catalogue and is named, with the member that is wrong. Pure.
 */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import type { Catalogue, SenderDefinition, SenderFile, TraceKind } from '../types.ts';
import { checkDefinition } from './check-definition.ts';
import { NamePatterns } from './name-patterns.ts';

export function readCatalogue(files: readonly SenderFile[]): Outcome<Catalogue, 'bad-sender-file'> {
  const definitions: SenderDefinition[] = [];
  for (const { path, text } of files) {
    const id = path.slice(path.lastIndexOf('/') + 1).replace(/\.json$/, '');
    const json = parseJson(text);
    if (!json.ok) return refuse('bad-sender-file', `${path}: ${json.say}`);
    const checked = checkDefinition(json.value, id);
    if (!checked.ok) return refuse('bad-sender-file', `${path}: ${checked.say}`);
    definitions.push(checked.value);
  }
  return accept(makeCatalogue(definitions));
}

function parseJson(text: string): Outcome<unknown, 'no-json'> {
  try {
    return accept(JSON.parse(text));
  } catch (error) {
    return refuse('no-json', error instanceof Error ? error.message : String(error));
  }
}

/** Of definitions that have been checked. */
export function makeCatalogue(definitions: readonly SenderDefinition[]): Catalogue {
  const byId = new Map(definitions.map((definition) => [definition.id, definition]));
  const patterns = new Map<TraceKind, NamePatterns<SenderDefinition>>(); // made when a kind is first asked for
  return {
    all: [...definitions].sort((one, other) => (one.id < other.id ? -1 : 1)),
    find: (id) => byId.get(id),
    recogniseName: (kind, name) => {
      const known = patterns.get(kind) ?? patternsOf(definitions, kind);
      patterns.set(kind, known);
      const found = known.find(name.toLowerCase().replace(/\.$/, ''));
      return found && { sender: found.value, pattern: found.pattern };
    },
  };
}

function patternsOf(definitions: readonly SenderDefinition[], kind: TraceKind): NamePatterns<SenderDefinition> {
  const patterns = new NamePatterns<SenderDefinition>();
  for (const definition of definitions)
    for (const pattern of definition.traces[kind]) patterns.add(pattern, definition);
  return patterns;
}
