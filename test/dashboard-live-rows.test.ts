import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addPage,
  applyChanges,
  isBefore,
  type LiveRows,
  MAX_HELD,
  type RowChange,
  release,
} from '../dashboard/src/runs/list/live-rows.ts';

interface Row {
  readonly id: string;
  readonly createdAt: string;
  readonly status: string;
}

const row = (second: number, status = 'QUEUED'): Row => ({
  id: `run-${String(second).padStart(5, '0')}`,
  createdAt: new Date(1_700_000_000_000 + second * 1_000).toISOString(),
  status,
});
const enter = (run: Row): RowChange<Row> => ({ kind: 'ENTER', runId: run.id, run });
const leave = (second: number): RowChange<Row> => ({ kind: 'LEAVE', runId: row(second).id, run: null });
const loaded = (seconds: readonly number[], hasMore = false): LiveRows<Row> => ({
  rows: seconds.map((second) => row(second)),
  held: [],
  isHeldCut: false,
  hasMore,
});
const seconds = (rows: readonly Row[]) => rows.map(({ id }) => Number(id.slice(4)));

describe('a live list', () => {
  it('puts, changes and takes out runs in the order of their creation, and leaves the others the same objects', () => {
    const before = loaded([9, 7, 5]);
    const after = applyChanges(
      before,
      [enter(row(8)), enter(row(10)), enter(row(7, 'COMPLETED')), leave(5), enter(row(1))],
      false,
    );
    expect(seconds(after.rows)).toEqual([10, 9, 8, 7, 1]);
    expect(after.rows[3]?.status).toBe('COMPLETED');
    expect(after.rows[1]).toBe(before.rows[0]);
    expect(applyChanges(before, [leave(100)], false).rows).toBe(before.rows);
  });

  it('leaves out what belongs behind the end of what is loaded', () => {
    const after = applyChanges(loaded([9, 7], true), [enter(row(8)), enter(row(5))], false);
    expect(seconds(after.rows)).toEqual([9, 8, 7]);
    expect(seconds(addPage(after, [row(6), row(5)], false).rows)).toEqual([9, 8, 7, 6, 5]);
    expect(applyChanges(loaded([], true), [enter(row(5))], false).rows).toEqual([]);
  });

  it('keeps back what is newer than its first row, follows it, and lets it go', () => {
    const held = applyChanges(loaded([9, 7]), [enter(row(12)), enter(row(10)), enter(row(8))], true);
    expect([seconds(held.rows), seconds(held.held)]).toEqual([
      [9, 8, 7],
      [12, 10],
    ]);
    const followed = applyChanges(held, [enter(row(10, 'FAILED')), leave(12)], true);
    expect(followed.held).toEqual([row(10, 'FAILED')]);
    expect(seconds(release(followed).rows)).toEqual([10, 9, 8, 7]);
  });

  it('keeps back no more than it can hold, and says so', () => {
    const many = Array.from({ length: MAX_HELD + 1 }, (_, index) => enter(row(index + 10)));
    const { held, isHeldCut } = applyChanges(loaded([1]), many, true);
    expect([held.length, isHeldCut, seconds(held).at(-1)]).toEqual([MAX_HELD, true, 10]);
  });

  it('keeps what changed while a page was on its way', () => {
    const list = applyChanges(loaded([9], true), [enter(row(9, 'FAILED'))], false);
    expect(addPage(list, [row(9), row(8)], false).rows).toEqual([row(9, 'FAILED'), row(8)]);
  });

  it('orders instants whatever digits they have', () => {
    const at = (createdAt: string) => ({ id: 'x', createdAt });
    expect(isBefore(at('2026-01-01T00:00:00.123456Z'), at('2026-01-01T00:00:00.123Z'))).toBe(true);
    expect(isBefore(at('2026-01-01T00:00:00Z'), at('2026-01-01T00:00:00.1Z'))).toBe(false);
  });

  it('is, after any changes, what the changes leave', () => {
    const change = fc.record({ second: fc.nat(30), status: fc.constantFrom('QUEUED', 'FAILED', null) });
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(30)), fc.array(fc.array(change)), fc.boolean(), (first, events, isHolding) => {
        const model = new Map(first.map((second) => [second, row(second)]));
        let list = loaded(first.toSorted((a, b) => b - a));
        for (const event of events) {
          const changes = event.map(({ second, status }) => (status ? enter(row(second, status)) : leave(second)));
          list = applyChanges(list, changes, isHolding);
          for (const { second, status } of event) {
            if (status) model.set(second, row(second, status));
            else model.delete(second);
          }
        }
        const expected = [...model.values()].toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
        expect(release(list).rows).toEqual(expected);
      }),
    );
  });
});
