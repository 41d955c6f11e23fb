import { Link } from '@tanstack/react-router';
import { RotateCcw } from 'lucide-react';
import { Button } from '../ui/button.tsx';
import type { Column } from '../ui/data-table.tsx';
import { Time } from '../ui/time.tsx';
import type { DeadLetter } from './documents.ts';

/** The columns of the dead letters of a group; `onReplay` is null for somebody who may not. */
export function deadLetterColumns(onReplay: ((run: DeadLetter) => void) | null): readonly Column<DeadLetter>[] {
  return [
    {
      id: 'id',
      header: 'Run',
      size: 130,
      cell: ({ row: { original } }) => (
        <Link to="/runs/$runId" params={{ runId: original.id }} title={original.id} className="font-mono text-xs hover:underline">
          …{original.id.slice(-12)}
        </Link>
      ),
    },
    {
      id: 'error',
      header: 'Error',
      size: 420,
      cell: ({ row: { original } }) => <span title={original.error ?? ''}>{original.error?.split('\n', 1)[0]}</span>,
    },
    {
      id: 'attempt',
      header: 'Attempts',
      size: 80,
      cell: ({ row }) => <span className="tabular-nums">{row.original.attempt}</span>,
    },
    { id: 'created', header: 'Triggered', size: 120, cell: ({ row }) => <Time at={row.original.createdAt} /> },
    {
      id: 'died',
      header: 'Died',
      size: 120,
      cell: ({ row }) => (row.original.finishedAt ? <Time at={row.original.finishedAt} /> : null),
    },
    ...(onReplay
      ? [
          {
            id: 'replay',
            header: () => <span className="sr-only">Actions</span>,
            size: 132,
            cell: ({ row: { original } }: { row: { original: DeadLetter } }) => (
              <Button icon={RotateCcw} aria-label={`Replay run ${original.id}`} onClick={() => onReplay(original)}>
                Replay
              </Button>
            ),
          },
        ]
      : []),
  ];
}
