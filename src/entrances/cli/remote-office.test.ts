import assert from 'node:assert/strict';
import test from 'node:test';
import { cli, type FakeCli } from '../../../test/support/fake-cli.ts';
import { Bug } from '../../base/outcome.ts';

/** An office that answers everything with this. */
function answering(status: number, body: unknown): FakeCli & { readonly asked: Request[] } {
  const asked: Request[] = [];
  const fake = async (input: string | URL, init?: RequestInit) => {
    asked.push(new Request(input, init));
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status });
  };
  return {
    asked,
    fetch: fake as typeof fetch,
    environment: { POSTHORN_URL: 'http://office.test', POSTHORN_API_KEY: 'k1' },
  };
}

const problem = (code: string, detail: string, more: object = {}) => ({ code, detail, title: code, ...more });

const refusals: readonly (readonly [status: number, body: unknown, exit: number, err: RegExp])[] = [
  [
    401,
    problem('key_invalid', 'The key is not valid here.', { fix: 'See posthorn keys list' }),
    77,
    /not valid here.\n {2}next: See posthorn keys list\n$/,
  ],
  [403, problem('scope_missing', 'This needs admin.'), 77, /This needs admin/],
  [
    404,
    problem('not_found', 'Nothing here.'),
    65,
    /There is no message em_1 here\.\n {2}next: posthorn queue list --all/,
  ],
  [409, problem('too_late', 'It is too late to cancel.'), 65, /next: posthorn message/],
  [429, problem('rate_limited', 'Too many.'), 75, /Too many/],
  [503, problem('storage_full', 'No space left.'), 75, /df -h/],
  [500, problem('internal_error', 'A mistake.', { fix: 'Report it.' }), 70, /Report it/],
  [502, '<html>bad gateway</html>', 69, /HTTP 502.*\n {2}next: curl http:\/\/office\.test\/readyz/],
  [
    400,
    problem('parameter_invalid', 'x', { errors: [{ parameter: 'cursor', detail: 'is unknown' }] }),
    65,
    /cursor: is unknown\n {2}next: posthorn message em_1 --help/,
  ],
];

for (const [status, body, exit, err] of refusals) {
  test(`HTTP ${status} ends with ${exit}`, async () => {
    const result = await cli('message em_1', answering(status, body));
    assert.equal(result.code, exit);
    assert.match(result.err, err);
    const inJson = await cli('message em_1 --json', answering(status, body));
    assert.equal(inJson.code, exit);
    assert.equal(inJson.err, '');
    assert.equal(typeof JSON.parse(inJson.out).error.next, 'string');
  });
}

test('the key goes into the header, the id is escaped, options before the environment', async () => {
  const office = answering(200, { data: [], next_cursor: null });
  await cli('queue --limit 5', office);
  await cli('message a/../b', office);
  await cli('queue --server http://other.test/ --key k2', office);
  const [list, message, , other] = office.asked;
  assert.equal(list?.url, 'http://office.test/v1/emails?limit=5&open=true');
  assert.equal(list?.headers.get('authorization'), 'Bearer k1');
  assert.equal(message?.url, 'http://office.test/v1/emails/a%2F..%2Fb');
  assert.equal(other?.url, 'http://other.test/v1/emails?limit=20&open=true');
  assert.equal(other?.headers.get('authorization'), 'Bearer k2');
});

test('--data means the folder here, whatever the environment says', async () => {
  const office = answering(200, {});
  const opened: unknown[] = [];
  const openOffice: FakeCli['openOffice'] = (place) => {
    opened.push(place);
    return Promise.reject(new Bug('this test has no folder'));
  };
  const { code } = await cli('queue --data d', { ...office, openOffice });
  assert.equal(code, 70, 'this test has no folder');
  assert.deepEqual(opened, [{ data: 'd' }]);
  assert.deepEqual(office.asked, []);
});

test('what no API does is not done in a folder that was not named', async () => {
  const office = answering(200, {});
  const { code, err } = await cli('domains add example.com --verified', office);
  assert.equal(code, 64);
  assert.match(err, /POSTHORN_URL.*\n {2}next: where that folder is: posthorn domains add example\.com --data DIR\n$/);
});

test('an office that is not there, and an address that is none', async () => {
  const refused = Object.assign(new TypeError('fetch failed'), {
    cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
  });
  const { code, err } = await cli('queue', { ...answering(200, {}), fetch: () => Promise.reject(refused) });
  assert.equal(code, 69);
  assert.equal(
    err,
    'posthorn: http://office.test does not answer: nobody listens there.\n  next: look whether it runs there: curl http://office.test/readyz\n',
  );
  for (const url of ['office.test', 'ftp://office.test', 'http://office.test/v1', 'http://me:pw@office.test'])
    assert.equal((await cli(`queue --server ${url} --key k`)).code, 65, url);
  const noKey = await cli('queue --server http://office.test');
  assert.equal(noKey.code, 77);
  assert.match(noKey.err, /posthorn keys create --scope admin/);
});

test('the last events are found by going through the pages', async () => {
  const event = (id: string) => ({
    object: 'event',
    id,
    type: 'email.accepted',
    at: '2026-11-22T06:00:00Z',
    subject: 's',
    data: {},
  });
  const pages: Record<string, unknown> = {
    '': { data: [event('1'), event('2')], next_cursor: '2' },
    '2': { data: [event('3')], next_cursor: null },
  };
  const fake = async (url: string) =>
    new Response(JSON.stringify(pages[new URL(url).searchParams.get('cursor') ?? '']));
  const { out } = await cli('events --limit 2 --jsonl', { ...answering(200, {}), fetch: fake as typeof fetch });
  assert.deepEqual(
    out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).id),
    ['2', '3'],
  );
});
