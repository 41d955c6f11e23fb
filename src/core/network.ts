import { isIPv6 } from 'node:net';

/**
 * Who an address stands for: itself, or its /64 when it is of IPv6, of which every subscriber has all addresses. The IPv4 address inside one
 * of IPv6 (`::ffff:192.0.2.1`) stands for itself.
 */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.startsWith('::ffff:')) return address;
  const [head = '', tail = ''] = address.split('::', 2);
  const heads = head.split(':').filter((part) => part !== '');
  const tails = tail.split(':').filter((part) => part !== '');
  const zeros = Array.from({ length: 8 - heads.length - tails.length }, () => '0');
  return [...heads, ...zeros, ...tails].slice(0, 4).join(':');
}
