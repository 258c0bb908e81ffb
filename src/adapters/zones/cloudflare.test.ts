import { cloudflareReplay, cloudflareToken } from '../../../test/support/dns-hosts/cloudflare.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { createCloudflareEditor } from './cloudflare.ts';

hostContract({
  replay: cloudflareReplay,
  editor: (world) => createCloudflareEditor(world, { token: cloudflareToken }),
  secret: cloudflareToken,
});
