/** A report as JSON, and the names of the mail that carries it. Pure. RFC 8460 §4, §5 */
import type { PolicyCount } from './tally.ts';

export type TlsReport = {
  readonly organization: string;
  readonly contact: string;
  readonly reportId: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly policies: readonly PolicyCount[];
};

/** RFC 8460 §4.4: these members, with dashes. */
export function tlsReportJson(report: TlsReport): string {
  const { organization, contact, reportId, fromMs, toMs, policies } = report;
  return JSON.stringify({
    'organization-name': organization,
    'date-range': { 'start-datetime': dateTime(fromMs), 'end-datetime': dateTime(toMs) },
    'contact-info': contact,
    'report-id': reportId,
    policies: policies.map(policyJson),
  });
}

/** RFC 3339 §5.6, whole seconds. */
function dateTime(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

function policyJson({ policy, successful, failed, failures }: PolicyCount): object {
  return {
    policy: {
      'policy-type': policy.type,
      ...(policy.strings.length > 0 ? { 'policy-string': policy.strings } : {}),
      'policy-domain': policy.domain,
      ...(policy.mxHosts.length > 0 ? { 'mx-host': policy.mxHosts } : {}),
    },
    summary: { 'total-successful-session-count': successful, 'total-failure-session-count': failed },
    ...(failures.length > 0
      ? {
          'failure-details': failures.map((failure) => ({
            'result-type': failure.result,
            ...(failure.sendingAddress ? { 'sending-mta-ip': failure.sendingAddress } : {}),
            ...(failure.receivingHost ? { 'receiving-mx-hostname': failure.receivingHost } : {}),
            ...(failure.receivingAddress ? { 'receiving-ip': failure.receivingAddress } : {}),
            'failed-session-count': failure.sessions,
            ...(failure.reason ? { 'failure-reason-code': failure.reason } : {}),
          })),
        }
      : {}),
  };
}

/** RFC 8460 §5.1: `submitter!policy-domain!begin!end!id.json`, times in seconds; compressed it gets `.gz`. */
export function tlsReportFileName(
  submitter: string,
  domain: string,
  report: Pick<TlsReport, 'fromMs' | 'toMs' | 'reportId'>,
): string {
  const seconds = (ms: number) => Math.floor(ms / 1000);
  const id = report.reportId.replaceAll(/[^A-Za-z0-9.-]/g, '-');
  return `${submitter}!${domain}!${seconds(report.fromMs)}!${seconds(report.toMs)}!${id}.json`;
}

/** RFC 8460 §5.3 */
export function tlsReportSubject(submitter: string, domain: string, reportId: string): string {
  return `Report Domain: ${domain} Submitter: ${submitter} Report-ID: <${reportId}>`;
}
