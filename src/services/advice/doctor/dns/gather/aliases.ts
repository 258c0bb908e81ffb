/** Names of mail that are aliases, or were to be: what stands there, and whether it leads anywhere. */
import type { QueryName } from '../../../../../format/domain-name.ts';
import { type Asked, ask, recordsIn } from '../../ask.ts';
import { isBeyondZone } from '../../beyond-zone.ts';
import type { DoctorWorld, GatherSubject } from '../../types.ts';
import { policyLabels, type SenderName, selectorNames, senderNames, usualAliases } from './names.ts';

export type NameSight = {
  readonly name: string;
  readonly alias: Asked<'CNAME'>;
  /** What a look-up answers, the alias followed. */
  readonly text: Asked<'TXT'>;
  readonly mx: Asked<'MX'>;
  readonly address: Asked<'A'>;
  /** Of zone text: all that stands at the name. */
  readonly types?: readonly string[];
  /** The target's domain is not in the zone text that was read. */
  readonly isTargetBeyond: boolean;
  readonly wanted?: SenderName;
};

export type AliasFacts = {
  /** The domain itself first. Names that are no alias, and that no sender wants one at, are left out. */
  readonly seen: readonly NameSight[];
  /** Names whose alias could not be asked for. */
  readonly failed: readonly string[];
};

export async function gatherAliases(world: DoctorWorld, subject: GatherSubject): Promise<AliasFacts> {
  const { domain, catalogue, isOneOfMany = false } = subject;
  const [wanted, selectors] = await Promise.all([senderNames(subject), selectorNames(subject)]);
  const wishes = new Map(wanted.filter(({ type }) => type === 'CNAME').map((one) => [one.name, one]));
  const usual = [
    ...policyLabels.map((label) => `${label}.${domain}`),
    ...(isOneOfMany ? [] : usualAliases(catalogue, domain)),
  ];
  const inZone = await namesInZone(world, domain);
  const twofold = [...inZone].filter(([, types]) => types.includes('CNAME')).map(([name]) => name);
  const names = new Set([domain, ...usual, ...wishes.keys(), ...selectors, ...twofold.slice(0, twofoldMax)]);
  const looks = await Promise.all(
    [...names].map(async (name) => {
      const alias = await ask(world, name, 'CNAME');
      const isOf = alias.kind === 'found' || (alias.kind === 'none' && wishes.has(name));
      return { name, alias, sight: isOf ? await lookAt(world, subject, name, alias) : undefined };
    }),
  );
  return {
    seen: looks.flatMap(({ name, sight }) => {
      if (sight === undefined) return [];
      const [types, wish] = [inZone.get(name), wishes.get(name)];
      return [{ ...sight, ...(types && { types }), ...(wish && { wanted: wish }) }];
    }),
    failed: looks.filter(({ alias }) => alias.kind === 'failed').map(({ name }) => name),
  };
}

/** Aliases that zone text shows besides the names mail is known to use. */
const twofoldMax = 200;

async function namesInZone(
  { zoneText }: DoctorWorld,
  domain: QueryName,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const names = zoneText === undefined ? [] : await zoneText.namesBelow(domain);
  return new Map(names.map(({ name, types }) => [name, types]));
}

async function lookAt(
  world: DoctorWorld,
  { domain }: GatherSubject,
  name: string,
  alias: Asked<'CNAME'>,
): Promise<Omit<NameSight, 'wanted'>> {
  const [text, mx, address] = await Promise.all([
    ask(world, name, 'TXT'),
    ask(world, name, 'MX'),
    ask(world, name, 'A'),
  ]);
  const [target] = recordsIn(alias);
  const isTargetBeyond = target !== undefined && (await isBeyondZone(world, domain, target, address));
  return { name, alias, text, mx, address, isTargetBeyond };
}
