/** Completion scripts for shells out of a table of words. Pure. Words are names of ours: letters, dots and dashes. */

/** What may be typed after `path` (`''` is the program alone). */
export type Words = { readonly path: string; readonly words: readonly string[] };

type Summary = { readonly name: string; readonly says: string };

/** The function joins the words before the cursor that are no options, and looks the rest up. */
export function bashScript(table: readonly Words[]): string {
  const cases = table.map(({ path, words }) => `    '${path}') words='${words.join(' ')}' ;;`).join('\n');
  return `_posthorn() {
  local said='' words='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in -*) continue ;; esac
    said="\${said:+$said }$word"
  done
  case $said in
${cases}
    *) COMPREPLY=(); return ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _posthorn posthorn ./posthorn
`;
}

/** zsh reads the script of bash. */
export function zshScript(table: readonly Words[]): string {
  return ['autoload -U +X compinit && compinit', 'autoload -U +X bashcompinit && bashcompinit', bashScript(table)].join(
    '\n',
  );
}

export function fishScript(table: readonly Words[], summaries: readonly Summary[]): string {
  const quoted = (text: string) => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
  const top = summaries.map(
    ({ name, says }) => `complete -c posthorn -n __fish_use_subcommand -f -a ${name} -d ${quoted(says)}`,
  );
  const deeper = table
    .filter(({ path }) => path !== '')
    .map(({ path, words }) => {
      const conditions = path.split(' ').map((word) => `__fish_seen_subcommand_from ${word}`);
      return `complete -c posthorn -n ${quoted(conditions.join('; and '))} -a ${quoted(words.join(' '))}`;
    });
  return [...top, ...deeper, ''].join('\n');
}
