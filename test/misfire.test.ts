import { describe, expect, it } from 'vitest';
import { parseCron } from '../src/core/cron.ts';
import { type DueSchedule, dueMoments, MAX_COUNTED_MOMENTS } from '../src/core/misfire.ts';

const decide = (
  expression: string | null,
  from: string,
  now: string,
  over: Partial<DueSchedule> & { timezone?: string } = {},
) => {
  const { timezone = 'UTC', ...fields } = over;
  const nextFireAt = new Date(from);
  const cron = expression === null ? null : parseCron(expression, { timezone, now: nextFireAt });
  const { fires, missed, next } = dueMoments(
    { cron, nextFireAt, catchUp: 'skip', catchUpLimit: 100, graceMs: 60_000, ...fields },
    new Date(now),
  );
  return {
    fires: fires.map(short),
    missed: missed && { from: short(missed.from), to: short(missed.to), count: missed.count },
    next: next && short(next),
  };
};
const short = (moment: Date) => moment.toISOString().slice(5, 19);

describe('the moments of a schedule', () => {
  it('fire when they are on time, or late by no more than the grace', () => {
    expect(decide('*/5 * * * *', '2026-01-01T00:05:00Z', '2026-01-01T00:06:00Z')).toEqual({
      fires: ['01-01T00:05:00'],
      missed: null,
      next: '01-01T00:10:00',
    });
    expect(decide('*/5 * * * *', '2026-01-01T00:05:00Z', '2026-01-01T00:06:00.001Z')).toEqual({
      fires: [],
      missed: { from: '01-01T00:05:00', to: '01-01T00:05:00', count: 1 },
      next: '01-01T00:10:00',
    });
    expect(decide('* * * * * *', '2026-01-01T00:00:58Z', '2026-01-01T00:01:00Z').fires).toHaveLength(3);
  });

  it.each([
    ['skip', 1, ['01-01T03:00:00'], { from: '01-01T00:00:00', to: '01-01T02:00:00', count: 3 }],
    ['one', 1, ['01-01T02:00:00', '01-01T03:00:00'], { from: '01-01T00:00:00', to: '01-01T01:00:00', count: 2 }],
    [
      'all',
      2,
      ['01-01T01:00:00', '01-01T02:00:00', '01-01T03:00:00'],
      { from: '01-01T00:00:00', to: '01-01T00:00:00', count: 1 },
    ],
    ['all', 100, ['01-01T00:00:00', '01-01T01:00:00', '01-01T02:00:00', '01-01T03:00:00'], null],
  ] as const)('are caught up with %s and the limit %i after downtime', (catchUp, catchUpLimit, fires, missed) => {
    expect(decide('0 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T03:00:05Z', { catchUp, catchUpLimit })).toEqual({
      fires,
      missed,
      next: '01-01T04:00:00',
    });
  });

  it('are none before the first, and none after the last', () => {
    expect(decide(null, '2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z')).toEqual({
      fires: ['01-01T00:00:00'],
      missed: null,
      next: null,
    });
    expect(decide(null, '2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z', { catchUp: 'one' }).fires).toEqual(['01-01T00:00:00']);
    expect(decide(null, '2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z').missed?.count).toBe(1);
    expect(decide('0 * * * *', '2026-01-01T01:00:00Z', '2026-01-01T00:30:00Z')).toEqual({
      fires: [],
      missed: null,
      next: '01-01T01:00:00',
    });
  });

  it('follow the clocks of their zone through downtime', () => {
    const over = { timezone: 'Europe/Berlin', catchUp: 'all' } as const;
    // The clocks go from 02:00 to 03:00 on March 29th, and from 03:00 back to 02:00 on October 25th.
    expect(decide('30 2 * * *', '2026-03-28T01:30:00Z', '2026-03-30T12:00:00Z', over).fires).toEqual([
      '03-28T01:30:00',
      '03-29T01:00:00',
      '03-30T00:30:00',
    ]);
    expect(decide('30 2 * * *', '2026-10-24T00:30:00Z', '2026-10-26T12:00:00Z', over).fires).toEqual([
      '10-24T00:30:00',
      '10-25T00:30:00',
      '10-26T01:30:00',
    ]);
  });

  it.each(['skip', 'one', 'all'] as const)(
    'cost hardly more after a year of seconds than after a day, caught up with %s',
    (catchUp) => {
      const policy = { catchUp, catchUpLimit: 1_000 };
      const began = performance.now();
      decide('* * * * * *', '2026-12-31T00:00:00Z', '2027-01-01T00:00:00.500Z', policy);
      const day = performance.now() - began;
      const { fires, missed, next } = decide('* * * * * *', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00.500Z', policy);

      // A year has 365 times the seconds of a day; what is counted of them has a bound.
      expect((performance.now() - began - day) / day).toBeLessThan(30);
      const firing = { skip: 60, one: 61, all: 1_000 }[catchUp];
      expect(fires).toHaveLength(firing);
      expect(fires.at(-1)).toBe('01-01T00:00:00');
      expect(next).toBe('01-01T00:00:01');
      expect(missed).toMatchObject({ from: '01-01T00:00:00', count: MAX_COUNTED_MOMENTS });
      const to = new Date(Date.parse('2027-01-01T00:00:00Z') - firing * 1_000);
      expect(missed?.to).toBe(short(to));
    },
  );
});
