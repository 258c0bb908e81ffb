/** A Domain Connect template as its file has it: the records that we know how to apply, everything bounded. */
import { accept, type Outcome, refuse } from '../../../base/outcome.ts';
import { printable } from '../../../base/printable.ts';

const recordTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'TXT', 'SRV', 'SPFM'] as const;

export type ConnectRecord = {
  readonly type: (typeof recordTypes)[number];
  readonly host: string;
  readonly pointsTo?: string;
  readonly data?: string;
  readonly spfRules?: string;
  readonly ttl?: number;
  readonly priority?: number;
  readonly weight?: number;
  readonly port?: number;
  /** Which texts at the same name give way: none, all, or those that begin like that. */
  readonly txtConflictMatchingMode?: string;
  readonly txtConflictMatchingPrefix?: string;
};

export type ConnectTemplate = { readonly serviceName: string; readonly records: readonly ConnectRecord[] };

const recordsMax = 200;
const textMax = 4_096;

export function readTemplate(value: unknown): Outcome<ConnectTemplate, 'bad-template'> {
  const file = value as {
    readonly providerName?: unknown;
    readonly serviceName?: unknown;
    readonly records?: unknown;
  } | null;
  const records = typeof file === 'object' ? file?.records : undefined;
  if (!Array.isArray(records) || records.length > recordsMax)
    return refuse('bad-template', 'that is no template: it has no list of records');
  const read: ConnectRecord[] = [];
  for (const record of records as readonly unknown[]) {
    const one = readRecord(record);
    if (!one.ok) return one;
    read.push(one.value);
  }
  const name = [file?.providerName, file?.serviceName].filter((text) => typeof text === 'string').join(' ');
  return accept({ serviceName: printable(name || 'the template', 80), records: read });
}

function readRecord(value: unknown): Outcome<ConnectRecord, 'bad-template'> {
  const record = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
  const type = recordTypes.find((known) => known === record.type);
  if (type === undefined)
    return refuse(
      'bad-template',
      `records of type ${printable(typeof record.type === 'string' ? record.type : 'unknown', 20)} cannot be applied`,
    );
  const texts = ['host', 'pointsTo', 'data', 'spfRules', 'txtConflictMatchingMode', 'txtConflictMatchingPrefix'];
  const numbers = ['ttl', 'priority', 'weight', 'port'];
  const read: Record<string, unknown> = { type, host: '@' };
  for (const name of texts) {
    const text = name === 'host' && type === 'SRV' ? srvHost(record) : record[name];
    if (text === undefined) continue;
    if (typeof text !== 'string' || text.length > textMax)
      return refuse('bad-template', `${name} of a ${type} record is no text`);
    read[name] = text;
  }
  for (const name of numbers) {
    if (record[name] === undefined) continue;
    const number = Number(record[name]); // some files have them in quotes
    if (!Number.isInteger(number) || number < 0 || number > 0x7fff_ffff)
      return refuse('bad-template', `${name} of a ${type} record is no number`);
    read[name] = number;
  }
  if (type === 'SRV' && typeof record.target === 'string') read.pointsTo = record.target;
  return accept(read as ConnectRecord);
}

/** `_sip`, `_tcp` and `@` are three fields. */
function srvHost({ service, protocol, name }: Readonly<Record<string, unknown>>): string {
  const labels = [service, protocol].map((label) =>
    (typeof label === 'string' ? label : '').replace(/^_?/, '_').toLowerCase(),
  );
  return [...labels, ...(typeof name === 'string' && name !== '' && name !== '@' ? [name] : [])].join('.');
}
