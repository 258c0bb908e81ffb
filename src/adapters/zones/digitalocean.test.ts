import { digitalOceanReplay, digitalOceanToken } from '../../../test/support/dns-hosts/digitalocean.ts';
import { hostContract } from '../../../test/support/dns-hosts/host-contract.ts';
import { createDigitalOceanEditor } from './digitalocean.ts';

hostContract({
  replay: digitalOceanReplay,
  editor: (world) => createDigitalOceanEditor(world, { token: digitalOceanToken }),
  secret: digitalOceanToken,
  cannotHold: (type, value) => type === 'TXT' && (/[^ -~]|\\/.test(value) || value.length > 500),
});
