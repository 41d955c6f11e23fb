import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';

const DATABASE = { DATABASE_URL: 'postgres://localhost/baton', BATON_SECRET: 'x'.repeat(32) };

describe('the configuration of managed runs', () => {
  it('allows processes by itself only on a machine of one’s own', () => {
    expect(readConfig({}).managedExec).toBe(true);
    expect(readConfig({ HOST: '0.0.0.0' }).managedExec).toBe(false);
    expect(readConfig(DATABASE).managedExec).toBe(false);
    expect(readConfig({ ...DATABASE, MANAGED_EXEC: 'true' }).managedExec).toBe(true);
  });

  it('passes on nothing but what a program needs to run', () => {
    const basics = { PATH: '/bin', HOME: '/home/baton', LANG: 'C.UTF-8', TZ: 'Europe/Paris' };

    expect(readConfig({ ...basics, ...DATABASE, LD_PRELOAD: 'x.so', NODE_OPTIONS: '--inspect' }).managedEnvironment).toEqual(
      basics,
    );
    expect(readConfig({}).managedEnvironment).toEqual({ PATH: '/usr/local/bin:/usr/bin:/bin' });
  });

  it('asks a process without an API where the API is', () => {
    const worker = { ...DATABASE, BATON_ROLE: 'worker', MANAGED_EXEC: 'true' };

    expect(() => readConfig(worker)).toThrow(/BATON_API_URL is required/);
    expect(readConfig({ ...worker, BATON_API_URL: 'https://baton.example/' }).apiUrl).toBe('https://baton.example');
    expect(() => readConfig({ ...DATABASE, BATON_API_URL: 'ftp://baton.example' })).toThrow(/BATON_API_URL: must be an http/);
  });
});
