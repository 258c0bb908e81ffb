/** The project's own sources as facts for `plan.test.ts` and `tidy.test.ts`: which files there are and what each imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'oxc-parser';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export type Import = {
  /** Path from the repository root for our own files, else the package name or `node:` module. */
  readonly to: string;
  readonly own: boolean;
  readonly typeOnly: boolean;
};

export type SourceFile = {
  /** Path from the repository root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
  /** Names declared by a module-level `let` or `var`. */
  readonly moduleLets: readonly string[];
};

export function sourceFiles(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => readSource(relative(root, join(entry.parentPath, entry.name)).replaceAll('\\', '/')))
    .sort((a, b) => a.path.localeCompare(b.path));
}

function readSource(path: string): SourceFile {
  const text = readFileSync(join(root, path), 'utf8');
  const parsed = parseSync(path, text);
  if (parsed.errors.length > 0) throw new Error(`${path}: ${parsed.errors[0]?.message}`);
  const imports: Import[] = [];
  for (const found of parsed.module.staticImports) {
    const typeOnly = found.entries.length > 0 && found.entries.every((entry) => entry.isType);
    imports.push(importOf(path, found.moduleRequest.value, typeOnly));
  }
  for (const found of parsed.module.staticExports) {
    for (const entry of found.entries) {
      if (entry.moduleRequest) imports.push(importOf(path, entry.moduleRequest.value, entry.isType));
    }
  }
  for (const found of parsed.module.dynamicImports) {
    const literal = text.slice(found.moduleRequest.start, found.moduleRequest.end);
    const quoted = /^['"](.+)['"]$/.exec(literal);
    if (!quoted?.[1])
      throw new Error(`${path}: import(${literal}) is not a literal; the plan cannot see where it leads`);
    imports.push(importOf(path, quoted[1], false));
  }
  // The tree is costly to hand over; without either word it holds none.
  const statements = /\b(?:let|var)\b/.test(text) ? parsed.program.body : [];
  const moduleLets = statements
    .map((statement) =>
      statement.type === 'ExportNamedDeclaration' && statement.declaration ? statement.declaration : statement,
    )
    .filter((statement) => statement.type === 'VariableDeclaration' && statement.kind !== 'const')
    .map((statement) => text.slice(statement.start, statement.end).split('\n')[0] ?? '');
  return { path, text, imports, moduleLets };
}

function importOf(from: string, request: string, typeOnly: boolean): Import {
  if (!request.startsWith('.')) return { to: request, own: false, typeOnly };
  return { to: relative(root, resolve(root, dirname(from), request)).replaceAll('\\', '/'), own: true, typeOnly };
}

/** Read once for all tests of a process. */
export const productSources: readonly SourceFile[] = sourceFiles('src');
