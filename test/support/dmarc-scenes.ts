/** A domain with a DMARC record: its zone text, and the records of a fix. */
import type { FixRecord } from '../../src/services/advice/types.ts';
import { inPieces } from './doctor-keys.ts';

export const at = '_dmarc.example.com';
export const mail = 'example.com. MX 10 mx.example.com.\nmx.example.com. A 192.0.2.25';
export const dmarc = (text: string, { name = at, ttl = 3600 } = {}) => `${name}. ${ttl} TXT ${inPieces(text)}`;
export const withMail = (...texts: readonly string[]) => [mail, ...texts.map((text) => dmarc(text))].join('\n');
export const gone = (value: string, name = at): FixRecord => ({ name, type: 'TXT', value });
export const set = (value: string, name = at): FixRecord => ({ name, type: 'TXT', value, ttl: 3600 });
