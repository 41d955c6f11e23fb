import { Link } from '@tanstack/react-router';
import { RotateCcw } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import type { Column } from '../ui/data-table.tsx';
import { formatNumber } from '../ui/format.ts';
import { Time } from '../ui/time.tsx';
import type { Group } from './documents.ts';

/** The columns of the groups of dead letters; `onReplay` is null for somebody who may not. */
export function groupColumns(onReplay: ((group: Group) => void) | null): readonly Column<Group>[] {
  return [
    {
      id: 'error',
      header: 'Error',
      size: 370,
      cell: ({ row: { original } }) => (
        <Link
          to="/dead-letters"
          search={{ group: original.id }}
          title={original.error}
          className="font-mono text-xs hover:underline"
        >
          {original.error.split('\n', 1)[0]}
        </Link>
      ),
    },
    {
      id: 'job',
      header: 'Job',
      size: 190,
      cell: ({ row: { original } }) => (
        <Link to="/jobs/$jobId" params={{ jobId: original.job.id }} className="hover:underline">
          {original.job.name}
        </Link>
      ),
    },
    {
      id: 'count',
      header: 'Runs',
      size: 90,
      cell: ({ row: { original } }) => (
        <span className="font-medium tabular-nums">
          {formatNumber(original.count)}
          {original.isCapped ? '+' : ''}
        </span>
      ),
    },
    { id: 'first', header: 'First', size: 120, cell: ({ row }) => <Time at={row.original.firstAt} /> },
    { id: 'last', header: 'Last', size: 120, cell: ({ row }) => <Time at={row.original.lastAt} /> },
    ...(onReplay
      ? [
          {
            id: 'replay',
            header: () => <span className="sr-only">Actions</span>,
            size: 132,
            cell: ({ row: { original } }: { row: { original: Group } }) => (
              <Button
                icon={RotateCcw}
                aria-label={`Replay the dead letters of ${original.job.name}: ${original.error.slice(0, 80)}`}
                onClick={() => onReplay(original)}
              >
                Replay
              </Button>
            ),
          },
        ]
      : []),
  ];
}
