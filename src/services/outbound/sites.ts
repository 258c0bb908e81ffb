/**
 * Which destination domains are one *site*, because the same hosts take their mail, as far as deliveries have shown. Slots are
 * shared by site: five hundred domains at one large provider are one destination, and when it is slow it may not hold up the rest.
 */

/** Domains remembered; then learning begins anew. */
const domainsMax = 100_000;

export class Sites {
  readonly #sites = new Map<string, string>();

  /** @param hosts that take the domain's mail, in any order */
  learn(domain: string, hosts: readonly { readonly host: string }[]): void {
    if (hosts.length === 0) return;
    if (this.#sites.size >= domainsMax) this.#sites.clear();
    const names = hosts.map(({ host }) => host);
    this.#sites.set(domain, names.sort().join(' '));
  }

  /** A domain nobody has asked for yet is a site of its own. */
  of(domain: string): string {
    return this.#sites.get(domain) ?? domain;
  }
}
