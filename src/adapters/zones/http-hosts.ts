/**
 * The table of DNS hosts with an API of their own: what each needs to know of us, under the names that its own tools use. A new host is
 * a file beside this one and a line here.
 */
import { accept, type Outcome, refuse } from '../../base/outcome.ts';
import type { ZoneEditor } from '../../services/setup/zone-editor.ts';
import { createAzureEditor } from './azure.ts';
import type { HostWorld } from './call-host.ts';
import { createCloudflareEditor } from './cloudflare.ts';
import { createDesecEditor } from './desec.ts';
import { createDigitalOceanEditor } from './digitalocean.ts';
import { createGandiEditor } from './gandi.ts';
import { createGoogleEditor, googleCredentials } from './google.ts';
import { createHetznerEditor } from './hetzner.ts';
import { createOvhEditor, isOvhEndpoint } from './ovh.ts';
import { createPowerDnsEditor } from './powerdns.ts';
import { createRoute53Editor } from './route53.ts';

export type HostSetting = {
  /** Of the environment: `CLOUDFLARE_API_TOKEN`. */
  readonly name: string;
  /** What it is, and where the person gets it. */
  readonly what: string;
  /** Taken when nothing is set. */
  readonly fallback?: string;
  /** Not a secret itself, but the file that holds one. */
  readonly isFile?: true;
  /** It may be written over several lines. */
  readonly hasLines?: true;
};

/** A setting's value by its name; of a file, what it holds. */
type HostSettings = (name: string) => string;

export type HttpHost = {
  readonly kind: string;
  readonly name: string;
  /** Its name servers end in one of these: how it is recognised. */
  readonly nameServers: readonly string[];
  readonly settings: readonly HostSetting[];
  readonly open: (world: HostWorld, settings: HostSettings) => Outcome<ZoneEditor, 'bad-credentials'>;
};

export const httpHosts: readonly HttpHost[] = [
  {
    kind: 'cloudflare',
    name: 'Cloudflare',
    nameServers: ['ns.cloudflare.com'],
    settings: [
      {
        name: 'CLOUDFLARE_API_TOKEN',
        what: 'an API token that may edit the DNS of the zone (My Profile, API Tokens, "Edit zone DNS")',
      },
    ],
    open: (world, get) => accept(createCloudflareEditor(world, { token: get('CLOUDFLARE_API_TOKEN') })),
  },
  {
    kind: 'route53',
    name: 'Amazon Route 53',
    nameServers: ['awsdns-*.com', 'awsdns-*.net', 'awsdns-*.org', 'awsdns-*.co.uk'],
    settings: [
      {
        name: 'AWS_ACCESS_KEY_ID',
        what: 'the id of an access key that may list and change record sets of the hosted zone',
      },
      { name: 'AWS_SECRET_ACCESS_KEY', what: 'the secret of that key' },
      { name: 'AWS_SESSION_TOKEN', what: 'for temporary credentials only', fallback: '' },
    ],
    open: (world, get) =>
      accept(
        createRoute53Editor(world, {
          accessKeyId: get('AWS_ACCESS_KEY_ID'),
          secretAccessKey: get('AWS_SECRET_ACCESS_KEY'),
          ...(get('AWS_SESSION_TOKEN') ? { sessionToken: get('AWS_SESSION_TOKEN') } : {}),
        }),
      ),
  },
  {
    kind: 'google',
    name: 'Google Cloud DNS',
    nameServers: ['googledomains.com'],
    settings: [
      {
        name: 'GOOGLE_APPLICATION_CREDENTIALS',
        what: 'the key file (JSON) of a service account with the role DNS Administrator in the project of the zone',
        isFile: true,
      },
    ],
    open: (world, get) => {
      const credentials = googleCredentials(get('GOOGLE_APPLICATION_CREDENTIALS'));
      return credentials.ok ? accept(createGoogleEditor(world, credentials.value)) : credentials;
    },
  },
  {
    kind: 'azure',
    name: 'Azure DNS',
    nameServers: ['azure-dns.com', 'azure-dns.net', 'azure-dns.org', 'azure-dns.info'],
    settings: [
      { name: 'AZURE_TENANT_ID', what: 'the directory (tenant) id' },
      {
        name: 'AZURE_CLIENT_ID',
        what: 'the application (client) id of a registered application with the role DNS Zone Contributor',
      },
      { name: 'AZURE_CLIENT_SECRET', what: 'a secret of that application' },
      { name: 'AZURE_SUBSCRIPTION_ID', what: 'the subscription that the zone belongs to' },
      { name: 'AZURE_RESOURCE_GROUP', what: 'the resource group that the zone stands in' },
    ],
    open: (world, get) =>
      accept(
        createAzureEditor(world, {
          tenant: get('AZURE_TENANT_ID'),
          client: get('AZURE_CLIENT_ID'),
          secret: get('AZURE_CLIENT_SECRET'),
          subscription: get('AZURE_SUBSCRIPTION_ID'),
          resourceGroup: get('AZURE_RESOURCE_GROUP'),
        }),
      ),
  },
  {
    kind: 'digitalocean',
    name: 'DigitalOcean',
    nameServers: ['digitalocean.com'],
    settings: [
      {
        name: 'DIGITALOCEAN_ACCESS_TOKEN',
        what: 'a personal access token with the scopes domain:read, create, update and delete',
      },
    ],
    open: (world, get) => accept(createDigitalOceanEditor(world, { token: get('DIGITALOCEAN_ACCESS_TOKEN') })),
  },
  {
    kind: 'hetzner',
    name: 'Hetzner',
    nameServers: ['ns.hetzner.com', 'ns.hetzner.de', 'first-ns.de', 'second-ns.de', 'second-ns.com'],
    settings: [
      {
        name: 'HCLOUD_TOKEN',
        what: 'an API token, to read and write, of the Hetzner Console project that the zone is in',
      },
    ],
    open: (world, get) => accept(createHetznerEditor(world, { token: get('HCLOUD_TOKEN') })),
  },
  {
    kind: 'gandi',
    name: 'Gandi',
    nameServers: ['gandi.net'],
    settings: [
      {
        name: 'GANDI_PERSONAL_ACCESS_TOKEN',
        what: 'a personal access token that may manage domain name technical configurations',
      },
    ],
    open: (world, get) => accept(createGandiEditor(world, { token: get('GANDI_PERSONAL_ACCESS_TOKEN') })),
  },
  {
    kind: 'ovh',
    name: 'OVHcloud',
    nameServers: ['ovh.net', 'ovh.ca', 'anycast.me'],
    settings: [
      { name: 'OVH_ENDPOINT', what: 'ovh-eu, ovh-ca or ovh-us', fallback: 'ovh-eu' },
      {
        name: 'OVH_APPLICATION_KEY',
        what: 'the key of an application (eu.api.ovh.com/createToken, with GET, POST, PUT and DELETE on /domain/zone/*)',
      },
      { name: 'OVH_APPLICATION_SECRET', what: 'its secret' },
      { name: 'OVH_CONSUMER_KEY', what: 'the consumer key that was made with it' },
    ],
    open: (world, get) => {
      const endpoint = get('OVH_ENDPOINT');
      if (!isOvhEndpoint(endpoint)) return refuse('bad-credentials', 'OVH_ENDPOINT is ovh-eu, ovh-ca or ovh-us');
      return accept(
        createOvhEditor(world, {
          endpoint,
          applicationKey: get('OVH_APPLICATION_KEY'),
          applicationSecret: get('OVH_APPLICATION_SECRET'),
          consumerKey: get('OVH_CONSUMER_KEY'),
        }),
      );
    },
  },
  {
    kind: 'desec',
    name: 'deSEC',
    nameServers: ['desec.io', 'desec.org'],
    settings: [{ name: 'DESEC_TOKEN', what: 'a token of the account (desec.io, Token Management)' }],
    open: (world, get) => accept(createDesecEditor(world, { token: get('DESEC_TOKEN') })),
  },
  {
    kind: 'powerdns',
    name: 'PowerDNS',
    nameServers: [],
    settings: [
      { name: 'PDNS_API_URL', what: 'where its API answers: https://dns.example.com:8081, or http:// on this machine' },
      { name: 'PDNS_API_KEY', what: 'the `api-key` of its configuration' },
      { name: 'PDNS_SERVER_NAME', what: 'the name of the server within the API', fallback: 'localhost' },
    ],
    open: (world, get) => {
      const url = URL.parse(get('PDNS_API_URL'));
      const isLocal = url?.hostname === '127.0.0.1' && url.protocol === 'http:';
      // The key goes along with each request; in the clear it would be everybody's.
      if (url?.protocol !== 'https:' && !isLocal)
        return refuse(
          'bad-credentials',
          'PDNS_API_URL is an https:// address, or one that begins with http://127.0.0.1',
        );
      const server = get('PDNS_SERVER_NAME');
      return accept(createPowerDnsEditor(world, { apiKey: get('PDNS_API_KEY'), url: get('PDNS_API_URL'), server }));
    },
  },
];
