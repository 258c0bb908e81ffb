/** Domains of the office: who vouches for them, their DKIM keys, and what DNS shows of both. */
import { type Static, Type } from 'typebox';
import { dkimKeyStates } from '../../../services/directory/types.ts';
import { answerOf, line, moment, requestOf } from './common.ts';

const txtRecord = {
  name: Type.String({ examples: ['ph1._domainkey.example.com'] }),
  type: Type.Literal('TXT'),
  value: Type.String({ description: 'As one text, unquoted.' }),
};

export const NewDomain = requestOf('NewDomain', 'A domain to be added.', {
  name: line(253, { description: 'The domain, as people write it or as A-labels.', examples: ['example.com'] }, 1),
  receives: Type.Optional(
    Type.Boolean({ default: true, description: 'Mail to it is received here. false: it only sends from here.' }),
  ),
});

export const DkimKey = answerOf('DkimKey', 'A key that signs mail of a domain, and the record that publishes it.', {
  selector: Type.String(),
  algorithm: Type.String({ examples: ['rsa-sha256', 'ed25519-sha256'] }),
  state: Type.Enum([...dkimKeyStates], {
    description:
      'pending: not used before every name server shows its record. active: signs. retiring: signs no more, its record stays. retired: its record may go.',
  }),
  since: moment('When it came into this state.'),
  seen_since: Type.Optional(moment('Of a pending key: since when every name server shows its record.')),
  record: Type.Object(txtRecord),
});

export const Domain = answerOf('Domain', 'A domain of this office.', {
  object: Type.Literal('domain'),
  name: Type.String({ description: 'As A-labels.', examples: ['xn--bcher-kva.example'] }),
  unicode: Type.String({ description: 'As people write it.', examples: ['bücher.example'] }),
  created_at: moment('When it was added.'),
  receives: Type.Boolean({ description: 'Mail to it is received here.' }),
  proof: Type.Object(txtRecord, {
    description: 'The record that shows the domain to be yours. It stays: it is looked for every day.',
  }),
  verified: Type.Optional(
    Type.Object({
      at: moment('When.'),
      by: Type.Enum(['operator', 'txt'], {
        description: 'operator: by a person’s word. txt: the record was seen in DNS.',
      }),
    }),
  ),
  lapse: Type.Optional(
    Type.Object(
      {
        since: moment('When the record was missed first.'),
        warned_at: Type.Optional(moment('When a warning was given that sending stops within a day.')),
        stopped_at: Type.Optional(moment('Since when nothing is sent for the domain.')),
      },
      { description: 'The record that proved the domain is gone. Sending goes on by itself when it is back.' },
    ),
  ),
  dkim_keys: Type.Array(DkimKey),
});
export type Domain = Static<typeof Domain>;

const Witness = answerOf('Witness', 'What one authoritative server shows of a record.', {
  server: Type.String({ examples: ['ns1.example.com'] }),
  found: Type.Enum(['ours', 'another', 'none', 'no-answer']),
  say: Type.String(),
});

export const RecordSighting = answerOf('RecordSighting', 'A record the office waits for, and what DNS shows of it.', {
  ...txtRecord,
  seen: Type.Enum(['everywhere', 'somewhere', 'nowhere', 'unclear'], {
    description: 'everywhere: at every authoritative server. unclear: no server answered.',
  }),
  servers: Type.Array(Witness),
});
export type RecordSighting = Static<typeof RecordSighting>;

export const DomainCheck = answerOf('DomainCheck', 'What a look at a domain in DNS found, and what follows.', {
  object: Type.Literal('domain_check'),
  domain: Domain,
  sends: Type.Boolean({ description: 'Whether mail may be sent for it now.' }),
  records: Type.Array(RecordSighting, {
    description: 'The proof, unless a person’s word stands for it, and the records of pending DKIM keys.',
  }),
});
export type DomainCheck = Static<typeof DomainCheck>;
