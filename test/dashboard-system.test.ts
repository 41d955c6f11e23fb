import { describe, expect, it } from 'vitest';
import { findAilments } from '../dashboard/src/system/ailments.ts';
import type { Instance, Queue } from '../dashboard/src/system/documents.ts';
import type { System } from '../dashboard/src/system/use-system.ts';
import { withGaps } from '../dashboard/src/system/with-gaps.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const AT = '2026-03-01T11:59:59Z';

const process = (over: object = {}) => ({ id: 'p', role: 'ALL' as const, startedAt: AT, beatAt: AT, isAlive: true, ...over });
const loop = (over: object = {}) => ({ name: 'reaper', ageSecs: 1, intervalSecs: 5, isHealthy: true, ...over });
const instance = (over: Partial<Instance> = {}): Instance => ({
  startP50Ms: 1,
  startP95Ms: 2,
  databaseBytes: 1,
  tables: [],
  loops: [loop()],
  processes: [process()],
  ...over,
});
const system = (over: Partial<System> = {}): System => ({
  version: '1',
  instance: instance(),
  samples: [],
  circuits: [],
  prices: [],
  ...over,
});
const queue = (oldestDueAt: string | null): Queue => ({
  at: AT,
  depth: 1,
  executing: 0,
  endedLastMinute: 0,
  oldestDueAt,
  counts: [],
});
const told = (of: System, stands: Queue | null = null) => findAilments(of, stands, NOW).map(({ what }) => what);

describe('what is wrong with an installation', () => {
  it('is nothing while everything runs, a run has just come due, and processes that are gone have successors', () => {
    const well = system({ instance: instance({ processes: [process(), process({ isAlive: false, role: 'WORKER' })] }) });
    expect(told(well, queue('2026-03-01T11:59:45Z'))).toEqual([]);
    expect(told(system({ instance: null }), queue(null))).toEqual([]);
  });

  it('is that nobody dispatches, whatever else is alive', () => {
    const [first] = told(system({ instance: instance({ processes: [process({ role: 'API' }), process({ isAlive: false })] }) }));
    expect(first).toBe('No process dispatches runs.');
  });

  it('is each loop that is late, each endpoint that cannot be reached, and a run that waits too long', () => {
    const circuit = { id: 'c', endpoint: 'https://example.com/x', failures: 7, openedAt: AT, retryAt: null };
    const ill = system({
      instance: instance({ loops: [loop(), loop({ name: 'timers', ageSecs: 90, isHealthy: false })] }),
      circuits: [
        { ...circuit, state: 'OPEN' },
        { ...circuit, state: 'HALF_OPEN' },
      ],
    });
    expect(told(ill, queue('2026-03-01T11:59:00Z'))).toEqual([
      'The timers loop has not run for 1 min 30 s; it should every 5.0 s.',
      'https://example.com/x could not be reached 7 times in a row.',
      'https://example.com/x could not be reached 7 times in a row; one run is trying it.',
      expect.stringMatching(/^A run has been due since .* and is not started\.$/),
    ]);
  });
});

describe('samples over time', () => {
  const at = (...minutes: number[]) => minutes.map((minute) => ({ at: new Date(NOW + minute * 60_000).toISOString() }));
  const shape = (minutes: number[]) =>
    withGaps(at(...minutes))
      .map(({ value }) => (value === null ? '-' : 'x'))
      .join('');

  it('have a gap where some are missing, and none where one came late', () => {
    expect(shape([])).toBe('');
    expect(shape([0])).toBe('x');
    expect(shape([0, 1, 3, 4])).toBe('xxxx');
    expect(shape([0, 1, 60, 61])).toBe('xx-xx');
    expect(withGaps(at(0, 1, 60)).map(({ at: seconds }) => (seconds * 1_000 - NOW) / 60_000)).toEqual([0, 1, 59, 60]);
  });
});
