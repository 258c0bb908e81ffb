/** The five domains of docs/guides/zones.md: whose they are, who sends for them, and what is to be learned from each. */

export type Walk = {
  /** docs/guides/zones/NAME.zone */
  readonly name: string;
  readonly title: string;
  readonly domain: string;
  readonly who: string;
  readonly senders: readonly string[];
  readonly helo?: string;
  /** What the settings of a service show, for the blanks in its records. */
  readonly blanks?: Readonly<Record<string, string>>;
  readonly lesson: string;
};

export const walks: readonly Walk[] = [
  {
    name: 'perfect',
    title: 'Everything right',
    domain: 'bakery.example',
    who: 'A bakery. Its people write from Google Workspace, and orders and invoices leave from a server of its own.',
    senders: ['google-workspace', 'own:192.0.2.25,2001:db8::25,selector=s2026'],
    lesson:
      'Copy this one. Each sender has a key of its own; SPF names one service and two addresses, one of ten lookups; the server has a name that leads to its address and back; DMARC refuses what nobody signed, and asks for reports. What cannot be seen in a zone file (certificates, block lists, port 25) is said to be unknown, and costs nothing: run the same command without `--zone` once it is published.',
  },
  {
    name: 'start-up',
    title: 'A start-up with six services',
    domain: 'pixelmint.example',
    who: 'A start-up in its third year: Proton for mailboxes, SendGrid for the application, Mailchimp, Freshdesk, HubSpot and Stripe. Every setup page was followed on its day, and nobody ever looked at the whole.',
    senders: ['proton', 'sendgrid', 'mailchimp', 'freshdesk', 'hubspot:12345678,hs04', 'stripe'],
    blanks: { id: '12345678', server: 'wl123', label: 'em1234' },
    lesson:
      'Three of the four includes do nothing: those services send with a return path of their own, so SPF is never asked about this domain. They only use lookups up, and eleven are one too many: for receivers the whole record is then void. And the one service that everybody forgot, SendGrid, needs no term in SPF at all but three aliases. Its mail sets the score, because a domain is as good as its worst sender.',
  },
  {
    name: 'parked',
    title: 'A parked domain',
    domain: 'pixelmint-shop.example',
    who: 'A name that was bought so that nobody else has it. It shows a page "for sale", and the registrar filled in the rest.',
    senders: [],
    lesson:
      'A domain without mail is the easiest one to forge in, and the easiest one to close: four records say that nobody sends, nobody receives, and no signature counts. `~all` and `p=none` look like protection and refuse nothing. The wildcard text is worse than none: it answers where receivers look for policies and keys.',
  },
  {
    name: 'wizards',
    title: 'Broken by wizards',
    domain: 'teapots.example',
    who: 'A shop that sells teapots. Four setup wizards, one after the other, wrote into its zone, and a panel that adds the domain to every name helped them.',
    senders: ['microsoft-365', 'brevo', 'sendgrid:12345678,wl123,em1234', 'sendgrid:87654321,wl200,em4321'],
    lesson:
      'Every record here was right for somebody. Two SPF records count as none, so they have to be one. A name that was typed in full into a panel that completes names stands where nobody looks, which is where the old `p=reject` has gone while a wizard put its own `p=none` in place. A key behind a web proxy is an address, and no key. What no record can mend is left over: two accounts of the same service cannot both have `s1`.',
  },
  {
    name: 'self-hoster',
    title: 'A server in a rented machine',
    domain: 'cellar.example',
    who: 'Somebody who keeps a mail server for the family, and for the fun of it. The zone was copied from a guide of 2009.',
    senders: ['own:203.0.113.77,2001:db8:77::1,selector=mail'],
    helo: 'vps77.local',
    lesson:
      'Half of it is not in your own zone: the name of an address (PTR) is set where the machine was rented, and what the server calls itself stands in its own configuration. IPv6 without such a name is refused by Gmail, so name it or do not send by it. The name of the machine costs its points, too. Whether port 25 is open can only be tried on the machine itself: run the same command there without `--zone`.',
  },
];
