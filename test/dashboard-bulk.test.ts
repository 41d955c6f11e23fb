import { describe, expect, it } from 'vitest';
import { OPERATIONS } from '../dashboard/src/runs/bulk/operations.ts';
import { MAX_FAILURES, type Piece, type Progress, workOff } from '../dashboard/src/runs/bulk/work-off.ts';
import { frameOf, snap, USUAL_FRAME_MS } from '../dashboard/src/runs/figures/time-frame.ts';
import { type OwnAction, statusesFor } from '../src/domain/runs/run-actions.ts';

const ACTIONS: Readonly<Record<(typeof OPERATIONS)[number]['id'], OwnAction>> = {
  CANCEL: 'cancel',
  REPLAY: 'replay',
  REPLAY_DEAD_LETTERS: 'replay_dead_letter',
  RESCHEDULE: 'reschedule',
};

const piece = (next: string | null, failures = 0): Piece => ({
  total: 100,
  done: 100 - failures,
  failures: Array.from({ length: failures }, (_, index) => ({ id: `${next} ${index}`, error: 'no' })),
  next,
});

async function work(pieces: readonly Piece[], isStopped: () => boolean = () => false) {
  const asked: (string | null)[] = [];
  const told: Progress[] = [];
  const ended = workOff({
    async doPiece(at) {
      asked.push(at);
      const next = pieces[asked.length - 1];
      if (!next) throw new Error('the server is gone');
      return next;
    },
    onProgress: (progress) => told.push(progress),
    isStopped,
  });
  return { asked, told, ended: await ended.catch((error: Error) => error.message) };
}

describe('an operation over many runs', () => {
  it('is offered for the statuses in which the server does it', () => {
    for (const { id, statuses } of OPERATIONS) {
      expect(statuses.map((status) => status.toLowerCase()).toSorted()).toEqual(statusesFor(ACTIONS[id]).toSorted());
    }
  });

  it('goes on where each piece ended, and counts what was done and what was not', async () => {
    const { asked, told } = await work([piece('a'), piece('b', 2), piece(null)]);
    expect(asked).toEqual([null, 'a', 'b']);
    expect(told.map(({ handled, done, failed }) => [handled, done, failed])).toEqual([
      [100, 100, 0],
      [200, 198, 2],
      [300, 298, 2],
    ]);
    expect(told.at(-1)?.failures).toHaveLength(2);
  });

  it('tells no more failures than anybody reads', async () => {
    const { told } = await work([piece('a', 80), piece(null, 80)]);
    expect(told.at(-1)?.failed).toBe(160);
    expect(told.at(-1)?.failures).toHaveLength(MAX_FAILURES);
  });

  it('stops between two pieces, and ends where a piece cannot be done', async () => {
    let pieces = 0;
    expect((await work([piece('a'), piece('b'), piece(null)], () => ++pieces === 2)).asked).toEqual([null, 'a']);
    const { told, ended } = await work([piece('a')]);
    expect([told.length, ended]).toEqual([1, 'the server is gone']);
  });
});

describe('the time of a histogram', () => {
  const now = Date.parse('2026-01-31T12:00:00Z');
  it('is what the filter says, or the last day of it', () => {
    expect(frameOf({}, now)).toEqual({ from: now - USUAL_FRAME_MS, to: now });
    expect(frameOf({ createdAfter: '2026-01-31T11:00:00Z' }, now)).toEqual({ from: now - 3_600_000, to: now });
    const end = Date.parse('2026-01-01T00:00:00Z');
    expect(frameOf({ createdBefore: '2026-01-01T00:00:00Z' }, now)).toEqual({ from: end - USUAL_FRAME_MS, to: end });
    expect(frameOf({ createdAfter: '2027-01-01T00:00:00Z' }, now).to).toBeGreaterThan(Date.parse('2027-01-01T00:00:00Z'));
  });

  it('is brushed by whole bars, within its ends', () => {
    const frame = { from: now - 600_000, to: now };
    expect(snap({ from: now - 595_000, to: now - 541_000 }, frame, 60)).toEqual({ from: now - 600_000, to: now - 540_000 });
    expect(snap({ from: now - 700_000, to: now + 5_000 }, frame, 60)).toEqual(frame);
  });
});
