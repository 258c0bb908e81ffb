/** Every target, in the order of the floors they stand on. */
import type { FuzzTarget } from '../target.ts';
import { address } from './address.ts';
import { arc } from './arc.ts';
import { arcSeal } from './arc-seal.ts';
import { authJsonl } from './auth-jsonl.ts';
import { authResults } from './auth-results.ts';
import { config } from './config.ts';
import { dane } from './dane.ts';
import { dataReader } from './data-reader.ts';
import { date } from './date.ts';
import { dkimCanonical, dkimKey, dkimSignature, dkimVerify } from './dkim.ts';
import { dkim2Fields, dkim2Recipe, dkim2Verify } from './dkim2.ts';
import { dmarc } from './dmarc.ts';
import { dnsAuthority, dnsPacket, dnsReply } from './dns.ts';
import { dnsHosts } from './dns-hosts.ts';
import { dsn } from './dsn.ts';
import { dsnWishes } from './dsn-wishes.ts';
import { contentType, encodedWord } from './encoded-word.ts';
import { explain } from './explain.ts';
import { headerIndex } from './header-index.ts';
import { headerWriter } from './header-writer.ts';
import { html } from './html.ts';
import { httpApi } from './http-api.ts';
import { jsonShape } from './json-shape.ts';
import { longMessage } from './long-message.ts';
import { messageLinks } from './message-links.ts';
import { domainName, ipAddress } from './names.ts';
import { partTreeTarget } from './part-tree.ts';
import { pasted } from './pasted.ts';
import { tlsPolicies } from './policies.ts';
import { proxyV2 } from './proxy-v2.ts';
import { rdap } from './rdap.ts';
import { replyReader } from './reply-reader.ts';
import { sasl } from './sasl.ts';
import { score } from './score.ts';
import { sevenBit } from './seven-bit.ts';
import { smtpClient } from './smtp-client.ts';
import { smtpPath } from './smtp-path.ts';
import { smtpServer } from './smtp-server.ts';
import { spfEvaluate, spfRecord } from './spf.ts';
import { spfCompiler } from './spf-compiler.ts';
import { tagList } from './tag-list.ts';
import { zoneFile } from './zone-file.ts';

export const targets: readonly FuzzTarget[] = [
  ...[
    address,
    smtpPath,
    domainName,
    ipAddress,
    headerIndex,
    partTreeTarget,
    sevenBit,
    encodedWord,
    contentType,
    headerWriter,
    html,
  ],
  ...[
    tagList,
    date,
    zoneFile,
    dnsPacket,
    dnsAuthority,
    dnsReply,
    smtpServer,
    dataReader,
    smtpClient,
    replyReader,
    sasl,
    proxyV2,
  ],
  ...[
    dkimSignature,
    dkimKey,
    dkimVerify,
    dkimCanonical,
    dkim2Recipe,
    dkim2Fields,
    dkim2Verify,
    spfRecord,
    spfEvaluate,
    spfCompiler,
    dmarc,
    authResults,
    arc,
    arcSeal,
    dsn,
    dsnWishes,
  ],
  ...[tlsPolicies, dane, longMessage, dnsHosts, rdap],
  ...[jsonShape, httpApi, config, authJsonl, explain, pasted, score, messageLinks],
];
