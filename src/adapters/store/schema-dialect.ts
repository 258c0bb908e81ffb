/**
 * Services write their schema once, in SQL that PostgreSQL takes as it is. What SQLite spells otherwise is put right here, and
 * every table becomes STRICT, so that a text in a number's column is an error as it is there. Pure.
 */

const spellings: readonly (readonly [RegExp, string])[] = [
  // AUTOINCREMENT, as an identity may not come again after rows were removed.
  [/\bBIGINT\s+GENERATED\s+ALWAYS\s+AS\s+IDENTITY\s+PRIMARY\s+KEY\b/gi, 'INTEGER PRIMARY KEY AUTOINCREMENT'],
  [/\bBIGINT\b/gi, 'INTEGER'],
  [/\bBYTEA\b/gi, 'BLOB'],
];

export function forSqlite(statement: string): string {
  const isCreateTable = /^\s*CREATE\s+TABLE\b/i.test(statement);
  if (!isCreateTable && !/^\s*ALTER\s+TABLE\b/i.test(statement)) return statement;
  const spelled = spellings.reduce((sql, [from, to]) => sql.replace(from, to), statement).trimEnd();
  return isCreateTable && spelled.endsWith(')') ? `${spelled} STRICT` : spelled;
}
