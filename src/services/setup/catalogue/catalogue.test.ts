import assert from 'node:assert/strict';
import test from 'node:test';
import { readSenderFiles } from '../../../adapters/catalogue/read-sender-files.ts';
import { loadCatalogue } from '../../../app/load-catalogue.ts';
import { invariant } from '../../../base/outcome.ts';
import type { DomainName } from '../../../format/domain-name.ts';
import type { SenderDefinition, TraceKind } from '../types.ts';
import { readCatalogue } from './catalogue.ts';
import { checkDefinition, inconsistencyIn, traceKinds } from './check-definition.ts';
import { fitsPattern, weightOf } from './name-patterns.ts';
import { senderWants } from './sender-wants.ts';

const files = await readSenderFiles();
const catalogue = await loadCatalogue();
const domain = 'example.com' as DomainName;

/** Whose mail goes through somebody else's machines: what they put into DNS is that one's. */
const carriers: Readonly<Record<string, string>> = {
  resend: 'amazon-ses',
  'customer-io': 'mailgun',
  'gmail-api': 'google-workspace',
  'microsoft-relay': 'microsoft-365',
};

test('everybody of the list is there', () => {
  const wanted = [
    ...['google-workspace', 'microsoft-365', 'proton', 'fastmail', 'zoho-mail', 'amazon-ses', 'sendgrid', 'mailgun'],
    ...['postmark', 'mailchimp', 'mailchimp-transactional', 'mailjet', 'brevo', 'sparkpost', 'resend', 'hubspot'],
    ...['salesforce', 'zendesk', 'freshdesk', 'intercom', 'klaviyo', 'constant-contact', 'campaign-monitor'],
    ...['customer-io', 'shopify', 'stripe', 'atlassian', 'xero', 'quickbooks', 'godaddy', 'icloud', 'smtp2go'],
    ...['mailerlite', 'help-scout', 'titan', 'improvmx', 'cloudflare-email-routing', 'migadu', 'purelymail', 'own'],
    ...['gmail-api', 'smtp-relay', 'aws-ec2', 'google-cloud', 'azure-vm', 'hetzner-cloud', 'digitalocean-droplet'],
    ...['ovh-vps', 'linode', 'vultr', 'oracle-cloud', 'scaleway', 'cpanel-website', 'plesk', 'wordpress'],
  ];
  assert.deepEqual(
    wanted.filter((id) => catalogue.find(id) === undefined),
    [],
  );
});

test('what the members of a file say together can be so', () => {
  const problems = catalogue.all.flatMap((sender) => {
    const problem = inconsistencyIn(sender);
    return problem === undefined ? [] : [`${sender.id}: ${problem}`];
  });
  assert.deepEqual(problems, []);
});

test('who cannot sign as you says so and asks for nothing', () => {
  for (const id of ['xero', 'quickbooks']) {
    const { aligns, records, spf, traps } = found(id);
    assert.deepEqual({ aligns, records, spf }, { aligns: { spf: 'no', dkim: 'no' }, records: [], spf: [] });
    assert.match(traps.join(' '), /cannot sign as you/);
  }
});

test('a file with a fault is named, with the member', () => {
  const good = files.find(({ path }) => path.endsWith('/mailchimp.json'));
  invariant(good, 'mailchimp.json');
  const reads = (path: string, text: string) => {
    const read = readCatalogue([{ path, text }]);
    return read.ok ? 'read' : read.say;
  };
  const changed = (change: (definition: Record<string, unknown>) => void) => {
    const definition = JSON.parse(good.text) as Record<string, unknown>;
    change(definition);
    return reads(good.path, JSON.stringify(definition));
  };
  const record = { purpose: 'dkim', name: 'a', type: 'CNAME', value: 'b.test', needed: 'required' };
  assert.equal(
    changed(() => {}),
    'read',
  );
  assert.equal(
    reads(good.path, '{'),
    "senders/mailchimp.json: Expected property name or '}' in JSON at position 1 (line 1 column 2)",
  );
  assert.equal(reads('senders/other.json', good.text), 'senders/other.json: id: mailchimp is not the name of the file');
  assert.equal(
    changed((one) => delete one.steps),
    'senders/mailchimp.json: steps: it is missing',
  );
  assert.equal(
    changed((one) => Object.assign(one, { name: 'Mailchimp and Mandrill' })),
    'senders/mailchimp.json: name: one name, with others of it in brackets, is wanted',
  );
  assert.equal(
    changed((one) => Object.assign(one, { records: [record] })),
    'senders/mailchimp.json: records[0].why: it is missing',
  );
  assert.equal(
    changed((one) => Object.assign(one, { records: [{ ...record, why: 'x', type: 'SPF' }] })),
    'senders/mailchimp.json: records[0].type: one of A, AAAA, CNAME, MX, NS, TXT, TLSA, SRV, CAA, PTR is wanted',
  );
  assert.equal(
    changed((one) => Object.assign(one, { traces: { ...found('mailchimp').traces, mx: ['*'] } })),
    'senders/mailchimp.json: traces.mx[0]: a pattern like .example.net is wanted',
  );
  assert.equal(
    changed((one) => Object.assign(one, { family: 'spam', evidence: [] })),
    `senders/mailchimp.json: family: one of mailbox, forwarding, transactional, campaigns, support, business, website, server is wanted`,
  );
  assert.equal(
    changed((one) => Object.assign(one, { tpyo: 1 })),
    'senders/mailchimp.json: tpyo: there is no such member',
  );
});

test('members that contradict each other are found', () => {
  const broken = (change: Partial<SenderDefinition>) => inconsistencyIn({ ...found('postmark'), ...change });
  const [selector, key, bounce] = found('postmark').parameters;
  invariant(selector && key && bounce, 'three parameters');
  assert.equal(broken({}), undefined);
  assert.equal(broken({ parameters: [selector, key] }), 'records[1]: {bounce} is no parameter of it');
  assert.match(broken({ parameters: [selector, key, { ...bounce, example: '-' }] }) ?? '', /parameters\[2\]\.example/);
  assert.match(broken({ parameters: [selector, key, { ...bounce, fallback: 'a b' }] }) ?? '', /\[2\]\.fallback/);
  assert.match(broken({ parameters: [selector, key, { ...bounce, pattern: '(' }] }) ?? '', /regular expression/);
  assert.match(broken({ parameters: [selector, key, { ...bounce, unless: 'x' }] }) ?? '', /no parameter x/);
  assert.match(broken({ parameters: [selector, key, bounce, key] }) ?? '', /twice/);
  assert.match(broken({ steps: ['begin'] }) ?? '', /0 times instead of 1/);
  assert.match(broken({ traps: ['{nobody}'] }) ?? '', /traps\[0\]/);
  assert.match(broken({ traps: ['{Domain}'] }) ?? '', /a brace/);
  assert.equal(checkDefinition([], 'postmark').ok, false);
});

test('each trace leads to its own sender, and no two senders claim a name with patterns that say as much', () => {
  for (const kind of traceKinds) {
    const all = catalogue.all.flatMap((sender) => sender.traces[kind].map((pattern) => ({ sender, pattern })));
    for (const { sender, pattern } of all) {
      for (const name of namesOf(pattern)) {
        const rivals = all.filter((other) => other.sender !== sender && fitsPattern(name, other.pattern));
        const equal = rivals.find((other) => weightOf(other.pattern) === weightOf(pattern));
        assert.equal(equal?.sender.id, undefined, `${kind} ${name}: ${pattern} of ${sender.id}, ${equal?.pattern}`);
        const longer = rivals.some((other) => weightOf(other.pattern) > weightOf(pattern));
        if (!longer) assert.equal(catalogue.recogniseName(kind, name)?.sender.id, sender.id, `${kind} ${name}`);
      }
      assert.ok(
        namesOf(pattern).some((name) => catalogue.recogniseName(kind, name)?.sender === sender),
        `${kind} ${pattern} of ${sender.id} is never seen`,
      );
    }
  }
});

test('what a sender has published is recognised as its own', () => {
  const wrong = catalogue.all.flatMap((sender) => {
    const examples = Object.fromEntries(sender.parameters.map(({ name, example }) => [name, example]));
    const wants = senderWants(sender, domain, examples);
    invariant(wants.ok, `${sender.id} refuses its own examples`);
    assert.deepEqual(wants.value.missing, [], sender.id);
    const ids = wants.value.records.flatMap(({ purpose, type, value, name }) => {
      if (purpose === 'dkim' && type === 'CNAME') return [recognised('dkimTargets', value)];
      if (purpose === 'dkim') return [recognised('selectors', name.slice(0, name.indexOf('._domainkey'))) ?? sender.id];
      if (purpose === 'mx') return [recognised('mx', value.replace(/^\d+ /, ''))];
      if (purpose === 'return-path' && type === 'CNAME') return [recognised('spfDomains', value)];
      return [];
    });
    const includes = wants.value.spf.flatMap(({ terms }) => terms).filter((term) => term.startsWith('include:'));
    const all = [...ids, ...includes.map((term) => recognised('spfDomains', term.slice('include:'.length)))];
    return all
      .filter((id) => id !== sender.id && id !== (carriers[sender.id] ?? sender.id))
      .map((id) => `${sender.id} -> ${id}`);
  });
  assert.deepEqual(
    new Set(wrong),
    new Set(['smtp-relay', 'cpanel-website', 'plesk', 'wordpress'].map((id) => `${id} -> undefined`)),
  );
});

function recognised(kind: TraceKind, name: string): string | undefined {
  return catalogue.recogniseName(kind, name)?.sender.id;
}

/** Names that fit a pattern: the least one, and one below it. */
function namesOf(pattern: string): string[] {
  const filled = pattern.replaceAll('*', '7');
  return pattern.startsWith('.') ? [filled.slice(1), `x${filled}`, `x.y${filled}`] : [filled];
}

function found(id: string): SenderDefinition {
  const sender = catalogue.find(id);
  invariant(sender, id);
  return sender;
}
