import { BlockList, isIP } from 'node:net';

/** What an operator allows executors' URLs to point at. */
export interface EndpointPolicy {
  /** True on a developer's own machine: loopback and private addresses, and any port, are then fine. */
  readonly allowPrivate: boolean;
}

/** Longest accepted endpoint URL, in UTF-16 code units. */
export const MAX_ENDPOINT_URL_LENGTH = 2_048;

/** The ports executors on the public internet may use (reference semantics §2.7); a URL without a port uses 80 or 443. */
const PUBLIC_PORTS: ReadonlySet<string> = new Set(['80', '443', '8080', '8443', '3000', '4000', '5000', '9000']);

/**
 * Says what is wrong with an executor's URL, in a sentence for the person who wrote it, or returns null for a sound one. Judges the
 * URL as the WHATWG parser reads it, so every spelling of a literal address (`127.1`, `2130706433`, `0x7f.1`, full-width dots) is
 * seen as the address it means. Resolves no names: what a name resolves to is checked when connecting ({@link isPrivateAddress}).
 */
export function checkEndpointUrl(url: string, policy: EndpointPolicy): string | null {
  if (url.length > MAX_ENDPOINT_URL_LENGTH) return `The endpoint URL must have at most ${MAX_ENDPOINT_URL_LENGTH} characters.`;
  // The parser drops tabs and line breaks wherever they stand; a URL that needs that was not meant as it reads.
  if (BLANK_OR_CONTROL.test(url)) return 'The endpoint URL must not contain spaces or control characters.';
  const parsed = URL.parse(url);
  if (!parsed) return 'The endpoint URL is not a valid absolute URL.';
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') return 'The endpoint URL must use http or https.';
  if (parsed.username || parsed.password) return 'The endpoint URL must not contain a user name or password.';
  return policy.allowPrivate ? null : publicFault(parsed);
}

/**
 * True for an IP address that is not plain public unicast: private, loopback, link-local, shared (CGNAT), multicast, reserved,
 * documentation, benchmarking, or IPv6 that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo). Whatever is not an
 * IP address counts as private, so that a caller's mistake refuses instead of connecting.
 *
 * @param ip in text, IPv6 without brackets; a zone (`%eth0`) is allowed
 */
export function isPrivateAddress(ip: string): boolean {
  const zone = ip.indexOf('%');
  const address = zone === -1 ? ip : ip.slice(0, zone);
  switch (isIP(address)) {
    case 4:
      return SPECIAL_V4.check(address, 'ipv4');
    case 6:
      return !GLOBAL_V6.check(address, 'ipv6') || SPECIAL_V6.check(address, 'ipv6');
    default:
      return true;
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const BLANK_OR_CONTROL = /[\u0000-\u0020\u007f]/;

function publicFault(url: URL): string | null {
  if (isLocalName(url.hostname)) return 'The endpoint URL must not point at localhost: private addresses are not allowed.';
  const literal = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  if (isIP(literal) && isPrivateAddress(literal)) {
    return `The endpoint URL must not point at ${literal}: private addresses are not allowed.`;
  }
  if (url.port && !PUBLIC_PORTS.has(url.port)) {
    return `The endpoint URL must use one of the ports ${[...PUBLIC_PORTS].join(', ')}, not ${url.port}.`;
  }
  return null;
}

function isLocalName(hostname: string): boolean {
  const name = hostname.replace(/\.+$/, '');
  return name === 'localhost' || name.endsWith('.localhost');
}

/** IPv4 blocks that are not public unicast (IANA special-purpose registry), and one public address that is not a public host. */
const SPECIAL_V4 = subnets('ipv4', [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // The metadata service of a virtual machine at Azure.
  '168.63.129.16/32',
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
]);

/**
 * The only IPv6 block with public unicast addresses. Everything else is refused by not being in it: `::/96`, `::ffff:0:0/96`,
 * `64:ff9b::/96`, `fc00::/7`, `fe80::/10`, `ff00::/8`; BlockList alone let `::127.0.0.1` through (measured).
 */
const GLOBAL_V6 = subnets('ipv6', ['2000::/3']);

/** Blocks of {@link GLOBAL_V6} that are not public hosts: protocol assignments with Teredo, documentation (two), 6to4. */
const SPECIAL_V6 = subnets('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']);

function subnets(family: 'ipv4' | 'ipv6', blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const slash = block.indexOf('/');
    list.addSubnet(block.slice(0, slash), Number(block.slice(slash + 1)), family);
  }
  return list;
}
