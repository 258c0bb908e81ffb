/** The office itself: keys, logins, health. */
import { type Static, Type } from 'typebox';
import { type Scope, scopes } from '../../../services/directory/types.ts';
import { answerOf, idOf, line, moment, requestOf } from './common.ts';

const scopeNames = Object.keys(scopes) as Scope[];
const domain = line(253, { description: 'A domain of this office.', examples: ['example.com'] }, 1);

export const NewKey = requestOf('NewKey', 'An API key to be made.', {
  name: line(100, { description: 'For people: which program uses it.' }, 1),
  mode: Type.Optional(
    Type.Enum(['live', 'test'], { default: 'live', description: 'Mail sent with a test key never leaves the office.' }),
  ),
  scopes: Type.Array(Type.Enum(scopeNames), {
    minItems: 1,
    maxItems: scopeNames.length,
    description: Object.entries(scopes)
      .map(([name, says]) => `${name}: ${says}`)
      .join(' '),
  }),
  domains: Type.Optional(
    Type.Array(domain, {
      minItems: 1,
      maxItems: 100,
      description: 'Only From addresses at these domains, and nothing that is about the whole office.',
    }),
  ),
});
export type NewKey = Static<typeof NewKey>;

const keyMembers = {
  object: Type.Literal('key'),
  id: idOf('key', 'Names the key; also the account of the messages it sends.'),
  name: Type.String(),
  mode: Type.Enum(['live', 'test']),
  scopes: Type.Array(Type.Enum(scopeNames)),
  domains: Type.Optional(Type.Array(Type.String())),
  created_at: moment('When it was made.'),
  last_used_at: Type.Optional(moment('When it was used last, to the hour.')),
  revoked_at: Type.Optional(moment('When it was revoked.')),
};

export const Key = answerOf('Key', 'An API key. Its text was shown once, when it was made.', keyMembers);
export type Key = Static<typeof Key>;

export const CreatedKey = answerOf('CreatedKey', 'A new API key with its text.', {
  ...keyMembers,
  token: Type.String({ description: 'The key itself. It is not stored and cannot be shown again.' }),
});

export const NewUser = requestOf('NewUser', 'A login for submission (SMTP).', {
  login: line(254, { description: 'Any name; often an address.', examples: ['ann@example.com'] }, 1),
  domains: Type.Array(domain, { minItems: 1, maxItems: 100, description: 'From domains that the login may use.' }),
  password: Type.Optional(
    line(1_024, { description: 'Chosen by a person. Left out, an app password is made and shown once.' }, 1),
  ),
});
export type NewUser = Static<typeof NewUser>;

const userMembers = {
  object: Type.Literal('user'),
  id: idOf('usr', 'Names the login in this API.'),
  login: Type.String(),
  domains: Type.Array(Type.String()),
  created_at: moment('When it was made.'),
};

export const User = answerOf('User', 'A login for submission.', userMembers);
export type User = Static<typeof User>;

export const CreatedUser = answerOf('CreatedUser', 'A new login.', {
  ...userMembers,
  app_password: Type.Optional(
    Type.String({ description: 'The password that was made. It is not stored and cannot be shown again.' }),
  ),
});

export const Health = answerOf('Health', 'Whether the office can do its work.', {
  status: Type.Enum(['ready', 'not_ready']),
  checks: Type.Array(
    Type.Object({
      name: Type.String({ examples: ['store'] }),
      ok: Type.Boolean(),
      say: Type.String(),
    }),
  ),
});
export type Health = Static<typeof Health>;
