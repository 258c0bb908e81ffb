/** What a DNS host would not do, as the end of a command: its own words, an exit code scripts can act on, and what to type next. */
import type { ZoneEditorRefusal } from '../../services/setup/types.ts';
import { CliError } from './cli-error.ts';
import { type ExitCode, exits } from './exits.ts';

const exitOf: Readonly<Record<ZoneEditorRefusal, ExitCode>> = {
  'no-credentials': exits.configuration,
  'bad-credentials': exits.noPermission,
  'no-such-zone': exits.badInput,
  'changed-meanwhile': exits.tryAgain,
  'not-supported': exits.badInput,
  'rate-limited': exits.tryAgain,
  unavailable: exits.unavailable,
  refused: exits.unavailable,
};

export function exitOfHost(code: ZoneEditorRefusal): ExitCode {
  return exitOf[code];
}

export function zoneEditorError(
  { code, say }: { readonly code: ZoneEditorRefusal; readonly say: string },
  about: { readonly program: string; readonly domain: string },
): CliError {
  const { program, domain } = about;
  const nexts: Readonly<Partial<Record<ZoneEditorRefusal, string>>> = {
    'no-credentials': `${program} publish --hosts`,
    'bad-credentials': `${program} publish --hosts`,
    'no-such-zone': `${program} plan ${domain} --format zone`,
    'not-supported': `${program} plan ${domain} --format zone`,
    refused: `${program} plan ${domain} --format zone`,
  };
  const words = say.replace(/[.\s]*$/, '');
  return new CliError({
    exit: exitOf[code],
    code: code.replaceAll('-', '_'),
    say: `${/^[a-z]+ /.test(words) ? words.charAt(0).toUpperCase() : words.charAt(0)}${words.slice(1)}.`, // no path, no name
    next: nexts[code] ?? `${program} publish ${domain}`,
  });
}
