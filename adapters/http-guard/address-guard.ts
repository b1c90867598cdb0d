import { BlockList, isIP, isIPv6 } from 'node:net';

/** Addresses inside networks, or with a meaning of their own: nothing that a request of somebody else's making may reach. */
const INTERNAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // On Azure the host's own services, although the address looks public.
  '168.63.129.16/32',
  '::/128',
  '::1/128',
  // These carry IPv4 addresses, whichever.
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '2001::/32',
  '2002::/16',
  '100::/64',
  '2001:db8::/32',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

/** Says which addresses the app may send requests to that somebody else has written (webhooks, actions of flows). */
export class AddressGuard {
  private readonly internal = blockListOf(INTERNAL);
  private readonly allowed: BlockList;

  /** @param allowed networks that may be reached although they are internal. @throws Error naming what is no network. */
  constructor(allowed: readonly string[] = []) {
    this.allowed = blockListOf(allowed);
  }

  /** An IPv4 or IPv6 address; an IPv4 address within an IPv6 one counts as what it is. */
  allows(address: string): boolean {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0) return false;
    return this.allowed.check(address, family) || !this.internal.check(address, family);
  }

  /** Plain HTTP is for addresses that a setting allows only: anywhere else others could read along. */
  allowsPlainHttp(address: string): boolean {
    return isIP(address) !== 0 && this.allowed.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

/** Networks of a setting: `127.0.0.0/8, ::1/128`. */
export function parseNetworks(text: string): string[] {
  return text
    .split(',')
    .map((network) => network.trim())
    .filter((network) => network !== '');
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits = ''] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    const most = family === 'ipv6' ? 128 : 32;
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) {
      throw new Error(`"${network}" is no network such as 10.0.0.0/8`);
    }
    list.addSubnet(address, Number(bits), family);
  }
  return list;
}
