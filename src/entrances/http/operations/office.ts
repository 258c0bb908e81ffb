/** Keys and logins. */
import { pageOf } from '../schemas/common.ts';
import { CreatedKey, CreatedUser, Key, NewKey, NewUser, User } from '../schemas/office.ts';
import type { Operation } from './types.ts';

export const officeOperations = {
  listKeys: {
    method: 'GET',
    path: '/v1/keys',
    group: 'Keys',
    summary: 'List API keys',
    says: 'Revoked ones too. Their texts are not stored.',
    scopes: ['admin'],
    wholeOffice: true,
    answer: { status: 200, says: 'All keys.', schema: pageOf(Key) },
    problems: [],
  },
  createKey: {
    method: 'POST',
    path: '/v1/keys',
    group: 'Keys',
    summary: 'Make an API key',
    says: 'The answer is the only one that ever shows it.',
    scopes: ['admin'],
    wholeOffice: true,
    body: { type: 'application/json', schema: NewKey, large: false },
    answer: { status: 201, says: 'The key.', schema: CreatedKey },
    problems: ['idempotency_key_reused', 'idempotency_key_in_use'],
  },
  revokeKey: {
    method: 'DELETE',
    path: '/v1/keys/{id}',
    group: 'Keys',
    summary: 'Revoke an API key',
    says: 'From the next request on it is not valid any more. Messages it sent stay.',
    scopes: ['admin'],
    wholeOffice: true,
    answer: { status: 204, says: 'Revoked.' },
    problems: ['not_found'],
  },
  listUsers: {
    method: 'GET',
    path: '/v1/users',
    group: 'Users',
    summary: 'List logins',
    says: 'Names for submission by SMTP.',
    scopes: ['admin'],
    wholeOffice: true,
    answer: { status: 200, says: 'All logins.', schema: pageOf(User) },
    problems: [],
  },
  createUser: {
    method: 'POST',
    path: '/v1/users',
    group: 'Users',
    summary: 'Make a login',
    says: 'Without a password an app password is made; the answer is the only one that ever shows it.',
    scopes: ['admin'],
    wholeOffice: true,
    body: { type: 'application/json', schema: NewUser, large: false },
    answer: { status: 201, says: 'The login.', schema: CreatedUser },
    problems: ['login_taken', 'busy', 'idempotency_key_reused', 'idempotency_key_in_use'],
  },
} as const satisfies Record<string, Operation>;
