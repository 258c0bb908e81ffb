/**
 * `posthorn publish --template`: what the Domain Connect template of a service would change in the zone, in place of a plan. SPF terms
 * join those that are there, a DMARC record that is there stays, and whatever has to give way is told first.
 */
import { fromUtf8 } from '../../base/bytes.ts';
import type { DomainName } from '../../format/domain-name.ts';
import type { Prepared, Publisher } from '../../services/setup/publish/types.ts';
import { previewTemplate, readTemplate } from '../../services/setup/setup.ts';
import type { Plan } from '../../services/setup/types.ts';
import { CliError } from './cli-error.ts';
import { exits } from './exits.ts';
import { visible } from './render-timeline.ts';
import type { Run } from './run.ts';
import { zoneEditorError } from './zone-editor-error.ts';

export type TemplateWish = {
  readonly file: string;
  /** `ip=192.0.2.1` */
  readonly values: readonly string[];
};

export async function prepareTemplate(
  { host }: Run,
  { file, values }: TemplateWish,
  { domain, publisher }: { readonly domain: DomainName; readonly publisher: Publisher },
): Promise<{ readonly prepared: Prepared; readonly plan: Plan }> {
  const bad = (say: string) =>
    new CliError({
      exit: exits.badInput,
      code: 'bad_template',
      say: `${say.charAt(0).toUpperCase()}${say.slice(1)}.`,
      next: `${host.command} publish ${domain} --template FILE --value NAME=VALUE --dry-run`,
    });
  const template = readTemplate(jsonOf(fromUtf8(await host.readFile(file))));
  if (!template.ok) throw bad(`${visible(file)}: ${template.say}`);
  const variables = Object.fromEntries(
    values.map((value) => {
      const [, name = '', text = ''] = /^([A-Za-z0-9_-]+)=(.*)$/s.exec(value) ?? [];
      if (name === '') throw bad(`--value ${visible(value)} is not NAME=VALUE`);
      return [name, text];
    }),
  );
  const nothing: Plan = { domain, records: [], conflicts: [], notes: [], dropped: [], steps: [] };
  const read = await publisher.prepare(domain, async () => nothing);
  if (!read.ok) throw zoneEditorError(read, { program: host.command, domain });
  const { contents } = read.value;
  const below = domain === contents.zone ? '' : domain.slice(0, -contents.zone.length - 1);
  const preview = previewTemplate(template.value, { zone: contents.zone, host: below, variables }, contents.sets);
  if (!preview.ok) throw bad(preview.say);
  const { changes, conflicts } = preview.value;
  const fix = `Go on with --partial if ${template.value.serviceName} is to have it so.`;
  return {
    prepared: { domain, contents, diff: { changes, elsewhere: [], obstacles: [], present: 0 } },
    plan: { ...nothing, conflicts: conflicts.map((one) => ({ ...one, code: 'template-conflict', fix })) },
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
