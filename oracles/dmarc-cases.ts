/** DMARC cases at random: records along a tree of names, and what SPF and DKIM are said to have proved. */
import fc from 'fast-check';
import type { NameRecords, World } from './world.ts';

export type DmarcCase = {
  readonly id: number;
  readonly world: World;
  readonly from: string;
  /** Domains that passed. */
  readonly spf: string | null;
  readonly dkim: readonly string[];
};

const names = [
  'test',
  'a.test',
  'b.a.test',
  'c.b.a.test',
  'x.a.test',
  'other.test',
  'a.b.c.d.e.f.g.h.a.test',
  'co.test',
  'firm.co.test',
  'w.firm.co.test',
];
const policy = fc.constantFrom('none', 'quarantine', 'reject', 'REJECT', 'Quarantine', 'odd', '');
const usual = fc.constantFrom('none', 'quarantine', 'reject');
const tag = fc.oneof(
  { weight: 4, arbitrary: usual.map((one) => `sp=${one}`) },
  { weight: 4, arbitrary: usual.map((one) => `np=${one}`) },
  { weight: 3, arbitrary: fc.constantFrom('adkim=s', 'adkim=r', 'aspf=s', 'aspf=r', 'ADKIM=s', 'aspf=S') },
  { weight: 4, arbitrary: fc.constantFrom('psd=y', 'psd=n', 'psd=u', 'psd=y', 'psd=n') },
  { weight: 2, arbitrary: fc.constantFrom('t=y', 't=n', 'pct=20', 'rf=afrf', 'ri=60', 'fo=1:d') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'rua=mailto:x@a.test',
      'rua=mailto:x@a.test!10m,https://x.test',
      'rua=',
      'ruf=mailto:y@a.test',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('sp=odd', 'np=', 'unknown=1', 'sp=none; sp=reject', 'adkim=x') },
);
const record = fc
  .tuple(
    fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom('v=DMARC1; ', 'v=DMARC1;', 'v = DMARC1 ; ') },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          'v=DMARC1',
          'v=dmarc1; ',
          'v=DMARC2; ',
          ' v=DMARC1; ',
          'p=none; v=DMARC1; ',
          'v=spf1 ',
        ),
      },
    ),
    fc.oneof(
      { weight: 12, arbitrary: usual.map((one) => `p=${one}`) },
      { weight: 2, arbitrary: policy.map((one) => `p=${one}`) },
      { weight: 1, arbitrary: fc.constant('') },
    ),
    fc.array(tag, { maxLength: 4 }),
    fc.constantFrom('', ';', '; ', ' '),
  )
  .map(([version, p, tags, end]) => version + [p, ...tags].filter((one) => one !== '').join('; ') + end);

const published: fc.Arbitrary<NameRecords | undefined> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(undefined) },
  { weight: 8, arbitrary: record.map((text) => ({ TXT: [[text]] })) },
  { weight: 1, arbitrary: fc.tuple(record, record).map((two) => ({ TXT: two.map((text) => [text]) })) },
  { weight: 1, arbitrary: record.map((text) => ({ TXT: [['something else'], [text]] })) },
  { weight: 1, arbitrary: fc.constantFrom<NameRecords>({ fail: 'SERVFAIL' }, { fail: 'TIMEOUT' }) },
);

const world: fc.Arbitrary<World> = fc
  .tuple(fc.tuple(...names.map(() => published)), fc.subarray(names.slice(1)))
  .map(([records, existing]) => {
    const made: Record<string, NameRecords> = {};
    for (const [at, name] of names.entries()) {
      const found = records[at];
      if (found !== undefined) made[`_dmarc.${name}`] = found;
    }
    for (const name of existing) made[name] = { A: ['192.0.2.1'] };
    return made;
  });

const domain = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...names.slice(1)) },
  { weight: 1, arbitrary: fc.constantFrom('gone.a.test', 'mail.firm.co.test', 'bounce.b.a.test', 'example.org') },
);

export function dmarcCases(count: number, seed: number): DmarcCase[] {
  const one = fc.record({
    world,
    from: domain,
    spf: fc.oneof({ weight: 2, arbitrary: domain }, { weight: 1, arbitrary: fc.constant(null) }),
    dkim: fc.array(domain, { maxLength: 2 }),
  });
  return fc.sample(one, { numRuns: count, seed }).map((rest, id) => ({ id, ...rest }));
}
