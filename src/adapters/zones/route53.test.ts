import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { route53Credentials, route53Replay } from '../../../test/support/dns-hosts/route53.ts';
import { createRoute53Editor } from './route53.ts';

hostContract({
  replay: route53Replay,
  editor: (world) => createRoute53Editor(world, route53Credentials),
  secret: route53Credentials.secretAccessKey,
});
