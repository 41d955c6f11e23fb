import { describe, expect, it } from 'vitest';
import { checkEndpointUrl, isPrivateAddress, MAX_ENDPOINT_URL_LENGTH } from '../src/core/endpoint-guard.ts';

const PUBLIC_ONLY = { allowPrivate: false };
const ANYTHING = { allowPrivate: true };

const PRIVATE_URLS = [
  'http://127.0.0.1/',
  'http://127.1/',
  'http://127.0.1/',
  'http://2130706433/',
  'http://017700000001/',
  'http://0x7f.1/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://127.255.255.254/',
  'http://127。0。0。1/',
  'http://１２７.０.０.１/',
  'http://①②⑦.⓪.⓪.①/',
  'http://%31%32%37.0.0.1/',
  'http://127.0.0.1./',
  'http:127.0.0.1/',
  'http:\\\\127.0.0.1\\',
  'http://0/',
  'http://0.0.0.0/',
  'http://0.1.2.3/',
  'http://10.0.0.1/',
  'http://10.255.255.255:8080/',
  'http://100.64.0.1/',
  'http://100.127.255.255/',
  'http://168.63.129.16/',
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/',
  'http://172.16.0.1/',
  'http://172.31.255.255/',
  'http://192.0.0.1/',
  'http://192.0.2.1/',
  'http://192.88.99.1/',
  'http://192.168.1.1/',
  'http://198.18.0.1/',
  'http://198.51.100.7/',
  'http://203.0.113.7/',
  'http://224.0.0.1/',
  'http://239.255.255.255/',
  'http://240.0.0.1/',
  'http://255.255.255.255/',
  'http://[::1]/',
  'http://[0:0:0:0:0:0:0:1]/',
  'http://[::]/',
  'http://[::127.0.0.1]/',
  'http://[::8.8.8.8]/',
  'http://[::ffff:127.0.0.1]/',
  'http://[::ffff:7f00:1]/',
  'http://[::ffff:8.8.8.8]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[64:ff9b:1::1]/',
  'http://[2002:7f00:1::]/',
  'http://[2001::1]/',
  'http://[2001:db8::1]/',
  'http://[3fff::1]/',
  'http://[100::1]/',
  'http://[fc00::1]/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://[fec0::1]/',
  'http://[ff02::1]/',
  'http://localhost/',
  'http://LOCALHOST/',
  'http://localhost./',
  'http://localhost../',
  'http://ⓛocalhost/',
  'https://api.localhost/',
  'https://api.localhost.:8443/',
];

const BAD_PORT_URLS = ['http://example.com:22/', 'http://example.com:6379/', 'https://example.com:8081/', 'http://8.8.8.8:0/'];

const PUBLIC_URLS = [
  'http://example.com/',
  'https://example.com/run?token=x#part',
  'https://example.com:443/',
  'http://example.com:80/',
  'https://example.com:80/',
  'http://example.com:3000/',
  'http://example.com:4000/',
  'http://example.com:5000/',
  'http://example.com:8080/',
  'http://example.com:9000/',
  'https://example.com:8443/',
  'https://bücher.example/',
  'https://notlocalhost/',
  'https://localhost.example.com/',
  'http://8.8.8.8/',
  'http://100.63.255.255/',
  'http://100.128.0.0/',
  'http://172.15.255.255/',
  'http://172.32.0.0/',
  'http://169.253.0.1/',
  'http://223.255.255.255/',
  'http://[2606:4700::1111]/',
  'http://[2001:200::1]/',
  'http://[2a00:1450::1]/',
];

const NEVER_URLS: [url: string, problem: RegExp][] = [
  ['', /valid absolute URL/],
  ['example.com/run', /valid absolute URL/],
  ['//example.com/run', /valid absolute URL/],
  ['/run', /valid absolute URL/],
  ['http://', /valid absolute URL/],
  ['http://256.256.256.256/', /valid absolute URL/],
  ['http://1.2.3.4.5/', /valid absolute URL/],
  ['http://[::1/', /valid absolute URL/],
  ['http://[fe80::1%25eth0]/', /valid absolute URL/],
  ['http://example.com:99999/', /valid absolute URL/],
  ['http://exa<mple.com/', /valid absolute URL/],
  ['ftp://example.com/', /http or https/],
  ['file:///etc/passwd', /http or https/],
  ['gopher://127.0.0.1:6379/_FLUSHALL', /http or https/],
  ['data:text/plain,hi', /http or https/],
  ['javascript:alert(1)', /http or https/],
  ['ws://example.com/', /http or https/],
  ['unix:/var/run/docker.sock', /http or https/],
  ['http://user@example.com/', /user name or password/],
  ['http://user:secret@example.com/', /user name or password/],
  ['http://:secret@example.com/', /user name or password/],
  ['http://example.com@127.0.0.1/', /user name or password/],
  [' http://example.com/', /spaces or control/],
  ['http://example.com/a b', /spaces or control/],
  ['http://exa\nmple.com/', /spaces or control/],
  ['http://example.com/\r\nx-evil:1', /spaces or control/],
  ['http://example.com/\0', /spaces or control/],
  [`http://example.com/${'x'.repeat(MAX_ENDPOINT_URL_LENGTH)}`, /at most 2048 characters/],
];

describe('checkEndpointUrl', () => {
  it.each(PRIVATE_URLS)('refuses the private %s', (url) => {
    expect(checkEndpointUrl(url, PUBLIC_ONLY)).toMatch(/private addresses are not allowed\.$/);
  });

  it.each(PRIVATE_URLS)('lets the private %s through where the policy allows it', (url) => {
    expect(checkEndpointUrl(url, ANYTHING)).toBeNull();
  });

  it.each(BAD_PORT_URLS)('refuses the port of %s only in public', (url) => {
    expect(checkEndpointUrl(url, PUBLIC_ONLY)).toMatch(/one of the ports 80, 443,/);
    expect(checkEndpointUrl(url, ANYTHING)).toBeNull();
  });

  it.each(PUBLIC_URLS)('accepts the public %s', (url) => {
    expect(checkEndpointUrl(url, PUBLIC_ONLY)).toBeNull();
  });

  it.each(NEVER_URLS)('refuses %j under any policy', (url, problem) => {
    expect(checkEndpointUrl(url, PUBLIC_ONLY)).toMatch(problem);
    expect(checkEndpointUrl(url, ANYTHING)).toMatch(problem);
  });

  it('accepts a URL of exactly the longest length', () => {
    const start = 'https://example.com/';

    expect(checkEndpointUrl(start + 'x'.repeat(MAX_ENDPOINT_URL_LENGTH - start.length), PUBLIC_ONLY)).toBeNull();
  });
});

describe('isPrivateAddress', () => {
  it.each(['127.0.0.1', '::1', '::127.0.0.1', '::ffff:10.0.0.1', 'fe80::1%eth0', 'fd00::1', '169.254.169.254'])(
    'is true for %s',
    (ip) => {
      expect(isPrivateAddress(ip)).toBe(true);
    },
  );

  it.each(['', 'example.com', '[::1]', '127.1', '1.2.3.4:80'])('is true for %j, which is no address', (text) => {
    expect(isPrivateAddress(text)).toBe(true);
  });

  it.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111'])('is false for %s', (ip) => {
    expect(isPrivateAddress(ip)).toBe(false);
  });
});
