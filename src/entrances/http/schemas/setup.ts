/** Setting a domain up: who sends for it, the plan of its records, their publication. */
import { type Static, Type } from 'typebox';
import { dmarcStages, setupTypes, spfRemedyKinds, stsModes } from '../../../services/setup/types.ts';
import { answerOf, line, requestOf, texts } from './common.ts';

const senderMembers = {
  sender: line(64, { description: 'Its id in the catalogue.', examples: ['google-workspace', 'own'] }, 1),
  parameters: Type.Optional(
    texts(line(1_000, { description: 'The value.' }), {
      names: '^[a-z][a-z0-9-]{0,30}$',
      rule: 'the name of a parameter: lower-case letters, digits and dashes',
      most: 20,
      description: 'What the catalogue asks for.',
      examples: [{ ip4: '192.0.2.10' }],
    }),
  ),
  per_week: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'How many messages, where somebody knows.' }),
  ),
};

const dmarcMembers = {
  stage: Type.Optional(
    Type.Enum([...dmarcStages], {
      description: 'How far the DMARC policy is to go; without it the plan leaves it alone.',
    }),
  ),
  rua: Type.Optional(
    Type.Array(line(254, { description: 'An address for reports.', examples: ['dmarc@example.com'] }, 3), {
      maxItems: 10,
    }),
  ),
  pct: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 99, description: 'An old step; only older receivers know it.' }),
  ),
  loosen: Type.Optional(Type.Boolean({ description: 'The policy may become weaker than the one that is published.' })),
};

const bimiMembers = {
  logo: line(500, { description: 'https address of the SVG file.' }, 9),
  evidence: Type.Optional(line(500, { description: 'https address of its certificate.' }, 9)),
};

const keyMembers = {
  selector: line(63, { description: 'What stands before ._domainkey.', examples: ['s2026'] }, 1),
  record: line(4_096, { description: 'The value of its TXT record.', examples: ['v=DKIM1; k=rsa; p=MIIB...'] }, 3),
};

const declarationMembers = {
  parked: Type.Optional(Type.Boolean({ description: 'Nothing is ever sent or received.' })),
  inbound: Type.Optional(line(64, { description: 'Which of the senders receives; or posthorn.' }, 1)),
  spf: Type.Optional(
    Type.Array(Type.Enum([...spfRemedyKinds]), {
      maxItems: spfRemedyKinds.length,
      description: 'Ways out of too many SPF lookups that may be taken.',
    }),
  ),
  mta_sts: Type.Optional(
    Type.Enum([...stsModes], {
      description:
        'What MTA-STS asks of those who deliver to the domain, where its mail comes here; testing when left out.',
    }),
  ),
};

export const NewSenders = requestOf(
  'NewSenders',
  'Who sends for a domain; it takes the place of what was declared before.',
  {
    senders: Type.Array(requestOf('NewSender', 'One who sends.', senderMembers), { maxItems: 100 }),
    dmarc: Type.Optional(requestOf('DmarcWish', 'What is wished for the DMARC record.', dmarcMembers)),
    bimi: Type.Optional(requestOf('BimiWish', 'The logo.', bimiMembers)),
    keys: Type.Optional(
      Type.Array(requestOf('DeclaredKey', 'A DKIM key that no sender brings.', keyMembers), { maxItems: 100 }),
    ),
    ...declarationMembers,
  },
);
export type NewSenders = Static<typeof NewSenders>;

export const Senders = answerOf('Senders', 'Who sends for a domain.', {
  object: Type.Literal('senders'),
  domain: Type.String(),
  senders: Type.Array(answerOf('Sender', 'One who sends.', senderMembers)),
  dmarc: Type.Optional(Type.Object(dmarcMembers)),
  bimi: Type.Optional(Type.Object(bimiMembers)),
  keys: Type.Optional(Type.Array(Type.Object(keyMembers))),
  ...declarationMembers,
});
export type Senders = Static<typeof Senders>;

const recordType = Type.Enum([...setupTypes]);

const PlannedRecord = answerOf('PlannedRecord', 'A record of the plan, and how it stands.', {
  name: Type.String({ examples: ['_dmarc.example.com'] }),
  type: recordType,
  value: Type.String({ description: 'TXT as one text, unquoted.' }),
  ttl: Type.Integer(),
  state: Type.Enum(['present', 'missing', 'wrong', 'extra', 'unknown']),
  needed: Type.Enum(['required', 'recommended', 'optional']),
  why: Type.String(),
  sender: Type.String({ description: 'Who wants it; posthorn for what the domain itself needs.' }),
  replaces: Type.Optional(Type.Array(Type.String())),
});

const Conflict = answerOf('PlanConflict', 'What waits for a decision.', {
  code: Type.String({ examples: ['selector-taken'] }),
  name: Type.String(),
  say: Type.String(),
  fix: Type.String(),
});

const Note = answerOf('PlanNote', 'What is worth knowing and blocks nothing.', {
  code: Type.String(),
  name: Type.String(),
  say: Type.String(),
});

export const Plan = answerOf('Plan', 'One plan of records for everyone who sends for the domain.', {
  object: Type.Literal('plan'),
  domain: Type.String(),
  records: Type.Array(PlannedRecord),
  conflicts: Type.Array(Conflict),
  notes: Type.Array(Note),
  dropped: Type.Array(
    answerOf('DroppedTerm', 'What the plan leaves out, and why.', { term: Type.String(), why: Type.String() }),
  ),
  steps: Type.Array(
    answerOf('PlanStep', 'What people have to do elsewhere, in order.', { sender: Type.String(), say: Type.String() }),
  ),
});
export type Plan = Static<typeof Plan>;

const ownerRecord = answerOf('RecordToCreate', 'A record that the owner of the domain creates.', {
  name: Type.String({ examples: ['_dmarc.example.com'] }),
  type: recordType,
  value: Type.String({ description: 'TXT as one text, unquoted.' }),
  why: Type.String(),
});

export const NewDelegation = requestOf('NewDelegation', 'How the office is to keep the records of a domain.', {
  whole: Type.Optional(
    Type.Boolean({ description: 'The domain is a zone of the office: only its NS records lead there.' }),
  ),
  mta_sts: Type.Optional(
    Type.Enum(['testing', 'enforce', 'none'], { description: 'What the MTA-STS policy asks for.' }),
  ),
});
export type NewDelegation = Static<typeof NewDelegation>;

export const EndDelegationQuery = Type.Object(
  { force: Type.Optional(Type.Boolean({ default: false, description: 'Also while names of the domain lead here.' })) },
  { additionalProperties: false },
);

export const Delegation = answerOf('Delegation', 'What of a domain the office keeps and answers.', {
  object: Type.Literal('delegation'),
  domain: Type.String(),
  delegated: Type.Boolean(),
  kind: Type.Optional(
    Type.Enum(['names', 'zone'], { description: 'names: some names lead here. zone: the domain as a whole.' }),
  ),
  zone: Type.Optional(Type.String({ description: 'Below which the office answers.' })),
  name_servers: Type.Optional(Type.Array(Type.String())),
  mta_sts: Type.Optional(Type.Enum(['testing', 'enforce', 'none'])),
  spf_held: Type.Array(
    answerOf('HeldSpf', 'An SPF record that is wanted and not answered.', {
      name: Type.String({ description: 'Whose mail it is about: the domain, or the return path of a sender.' }),
      why: Type.Enum(['broken', 'unknown'], {
        description: 'broken: receivers would give up on it. unknown: the DNS did not say.',
      }),
      say: Type.String(),
      terms: Type.Array(Type.String(), { description: 'What is answered instead; empty: no record.' }),
    }),
  ),
  records: Type.Array(ownerRecord, { description: 'What leads to the office; created once.' }),
  beside: Type.Array(ownerRecord, { description: 'What stays in the domain’s own zone besides.' }),
  answered: Type.Array(
    answerOf('AnsweredSet', 'What the office says at a name.', {
      name: Type.String(),
      type: recordType,
      ttl: Type.Integer(),
      values: Type.Array(Type.String()),
    }),
  ),
});
export type Delegation = Static<typeof Delegation>;

export const NewPublication = requestOf('NewPublication', 'How the plan is to be published.', {
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Only show what would be changed.' })),
  optional: Type.Optional(
    Type.Boolean({ default: false, description: 'Publish records too that are only nice to have.' }),
  ),
  partial: Type.Optional(
    Type.Boolean({ default: false, description: 'Publish what can be, though something is to be decided first.' }),
  ),
});
export type NewPublication = Static<typeof NewPublication>;

const RecordValues = answerOf('RecordValues', 'All records of one name and type.', {
  ttl: Type.Integer(),
  values: Type.Array(Type.String()),
});

const Change = answerOf(
  'RecordChange',
  'A change of a set of records: before empty, it is new; after empty, it goes.',
  {
    name: Type.String(),
    type: recordType,
    before: Type.Optional(RecordValues),
    after: Type.Optional(RecordValues),
  },
);

export const Publication = answerOf('Publication', 'What is changed in the zone, and what became of it.', {
  object: Type.Literal('publication'),
  domain: Type.String(),
  zone: Type.String(),
  host: Type.String({ description: 'The DNS host that holds the zone.', examples: ['cloudflare'] }),
  state: Type.Enum(['planned', 'nothing_to_do', 'verified', 'made', 'refused', 'undone', 'broken'], {
    description:
      'planned: a dry run. verified: every authoritative server shows it. made: the host holds it, not every server shows it yet. refused: nothing was changed. undone: what was changed was taken back. broken: some of it stands; say has more.',
  }),
  id: Type.Optional(Type.String({ description: 'Names it in the journal.' })),
  say: Type.Optional(Type.String()),
  changes: Type.Array(Change),
  raised_ttl: Type.Optional(
    Type.Integer({ description: 'The host keeps no shorter TTL: shorter ones of the plan are raised to it.' }),
  ),
  elsewhere: Type.Array(PlannedRecord, {
    description: 'Planned, and not in this zone: somebody else has to set them.',
  }),
  conflicts: Type.Array(Conflict, { description: 'What waits for a decision, and is not among the changes.' }),
  obstacles: Type.Array(
    answerOf('Obstacle', 'What keeps a record from being published.', {
      name: Type.String(),
      type: recordType,
      say: Type.String(),
    }),
  ),
});
export type Publication = Static<typeof Publication>;
