/** Test addresses. */
import { NewTest, Test, TestQuery } from '../schemas/tests.ts';
import type { Operation } from './types.ts';

export const testsOperations = {
  createTest: {
    method: 'POST',
    path: '/v1/tests',
    group: 'Tests',
    summary: 'Get a test address',
    says: 'Send a message to it, from wherever your mail is sent, and read what it scores. The message itself is not kept.',
    scopes: ['send', 'read'],
    wholeOffice: false,
    body: { type: 'application/json', schema: NewTest, large: false },
    answer: { status: 201, says: 'The address, which waits for a message.', schema: Test },
    problems: ['domain_unknown', 'too_many_tests'],
  },
  getTest: {
    method: 'GET',
    path: '/v1/tests/{id}',
    group: 'Tests',
    summary: 'Read what a message scored',
    says: 'With timeout it waits for the message.',
    scopes: ['send', 'read'],
    wholeOffice: false,
    query: TestQuery,
    answer: { status: 200, says: 'The test, with the result once a message came.', schema: Test },
    problems: ['not_found'],
  },
} as const satisfies Record<string, Operation>;
