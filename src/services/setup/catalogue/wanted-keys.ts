/** Where the DKIM keys of a sender stand: records that are known whole, and names of which only the sender knows what belongs there. Pure. */
import type { RecordTemplate, SenderParameter, SenderWants, SetupType } from '../types.ts';
import { fill, holesIn } from './fill.ts';
import { absoluteName } from './sender-wants.ts';

export type WantedKey = {
  /** `s1._domainkey.example.com`; absent where even the name depends on what is not known. */
  readonly name?: string;
  readonly type: SetupType;
  readonly value?: string;
  /** Its value is the same for all customers of the sender. */
  readonly isShared: boolean;
  /** What would have to be known. */
  readonly lacking?: SenderParameter;
};

export function wantedKeys({ sender, records, missing, values, domain }: SenderWants): readonly WantedKey[] {
  const templates = sender.records.filter(({ purpose }) => purpose === 'dkim');
  const nameOf = (template: RecordTemplate) => absoluteName(fill(template.name, values), domain);
  const whole = records
    .filter(({ purpose }) => purpose === 'dkim')
    .map(({ name, type, value }) => ({ name, type, value, isShared: templates.some((one) => isShared(one, value)) }));
  const parts = missing.flatMap(({ parameter, records: stopped }) =>
    stopped
      .filter(({ purpose }) => purpose === 'dkim')
      .map((template) => ({
        ...(holesIn(nameOf(template)).length === 0 && { name: nameOf(template) }),
        type: template.type,
        isShared: false,
        lacking: parameter,
      })),
  );
  return [...whole, ...parts];
}

function isShared({ type, value: template }: RecordTemplate, value: string): boolean {
  return type === 'CNAME' && template === value && holesIn(template).length === 0;
}
