import { describe, expect, it } from 'vitest';
import { CronError, cronFault, parseCron, timezoneFault } from '../src/core/cron.ts';

const NOW = new Date('2026-03-27T12:00:00Z');
const cron = (expression: string, timezone = 'UTC') => parseCron(expression, { timezone, now: NOW });
const times = (expression: string, timezone: string, from: string, count: number) =>
  cron(expression, timezone)
    .nextTimes(new Date(from), count)
    .map((moment) => moment.toISOString());

describe('a cron expression', () => {
  it('answers the next moments in its zone, never the moment asked about', () => {
    expect(times('0 9 * * 1-5', 'Europe/Berlin', '2026-03-27T08:00:00Z', 3)).toEqual([
      '2026-03-30T07:00:00.000Z',
      '2026-03-31T07:00:00.000Z',
      '2026-04-01T07:00:00.000Z',
    ]);
    expect(cron('0 12 * * *').nextAfter(NOW)?.toISOString()).toBe('2026-03-28T12:00:00.000Z');
    expect(cron('0 12 * * *').previousBefore(NOW)?.toISOString()).toBe('2026-03-26T12:00:00.000Z');
  });

  it('tells seconds apart with six fields, and only then', () => {
    expect(times('*/20 * * * * *', 'UTC', '2026-03-27T12:00:01Z', 2)).toEqual([
      '2026-03-27T12:00:20.000Z',
      '2026-03-27T12:00:40.000Z',
    ]);
    expect(cron('*/20 * * * * *').includes(new Date('2026-03-27T12:00:21Z'))).toBe(false);
    expect(cron('* 9-17 * * 1-5').includes(new Date('2026-03-27T17:59:59.999Z'))).toBe(true);
    expect(cron('* 9-17 * * 1-5').includes(new Date('2026-03-27T18:00:00Z'))).toBe(false);
    expect(cron('* 9-17 * * 1-5').includes(new Date('2026-03-28T12:00:00Z'))).toBe(false);
  });

  it('fires a time of day once on the days that clocks change', () => {
    // 02:30 does not exist on March 29th in Berlin, and exists twice on October 25th.
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('follows the clock through a change when it names no single time', () => {
    expect(times('0 * * * *', 'Europe/Berlin', '2026-03-29T00:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T02:00:00.000Z',
    ]);
    expect(times('*/30 2 * * *', 'Europe/Berlin', '2026-10-24T23:59:00Z', 5)).toEqual([
      '2026-10-25T00:00:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T01:30:00.000Z',
      '2026-10-26T01:00:00.000Z',
    ]);
  });

  it('meets either day when both are restricted, and leap days', () => {
    expect(times('0 0 13 * 5', 'UTC', '2026-03-28T00:00:00Z', 3).map((time) => time.slice(0, 10))).toEqual([
      '2026-04-03',
      '2026-04-10',
      '2026-04-13',
    ]);
    expect(cron('0 0 29 2 *').nextAfter(NOW)?.toISOString()).toBe('2028-02-29T00:00:00.000Z');
  });

  it('works out no more moments than asked for, and no negative number of them', () => {
    expect(cron('* * * * *').nextTimes(NOW, -1)).toEqual([]);
    expect(cron('* * * * *').nextTimes(NOW, 5_000)).toHaveLength(1_000);
  });

  it.each([
    ['', /another number of fields/],
    ['* * *', /another number of fields/],
    ['0 0 0 1 1 * 2030', /another number of fields/],
    ['61 * * * *', /Invalid value for minute: 61/],
    ['a b c d e', /illegal characters/],
    ['0 0 30 2 *', /never fires/],
    [`${'1,'.repeat(200)}1 * * * *`, /at most 256 characters/],
  ])('is refused in words: %s', (expression, words) => {
    expect(cronFault(expression, { timezone: 'UTC', now: NOW })).toMatch(words);
    expect(() => cron(expression)).toThrow(CronError);
  });

  it.each(['Mars/Base', '+02:00', 'CET!', '', 'Europe/Berlin '])('is refused in the zone %j', (zone) => {
    expect(timezoneFault(zone)).toMatch(/IANA/);
    expect(() => cron('0 0 * * *', zone)).toThrow(/IANA/);
  });

  it.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5'])('takes the zone %s', (zone) => {
    expect(timezoneFault(zone)).toBeNull();
  });
});
