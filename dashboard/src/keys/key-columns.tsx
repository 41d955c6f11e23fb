import { Ban, MoreHorizontal, RefreshCw } from 'lucide-react';
import { IconButton } from '../ui/button.tsx';
import type { Column } from '../ui/data-table.tsx';
import { Menu } from '../ui/menu.tsx';
import { Badge, statusWords } from '../ui/status-badge.tsx';
import { Time, useNow } from '../ui/time.tsx';
import type { ApiKey } from './documents.ts';
import { scopeName } from './scope-words.ts';

interface KeyActions {
  /** The key the viewer has signed in with. */
  readonly ownKeyId: string;
  readonly onRevoke: (key: ApiKey) => void;
  readonly onRotate: (key: ApiKey) => void;
}

/** The columns of the list of keys. */
export function keyColumns({ ownKeyId, onRevoke, onRotate }: KeyActions): readonly Column<ApiKey>[] {
  return [
    {
      id: 'name',
      header: 'Name',
      size: 200,
      cell: ({ row: { original } }) => (
        <span className="flex items-center gap-2">
          <span className="truncate font-medium">{original.name}</span>
          {original.id === ownKeyId ? <Badge tone="accent">yours</Badge> : null}
        </span>
      ),
    },
    {
      id: 'prefix',
      header: 'Begins with',
      size: 150,
      cell: ({ row }) => <code className="font-mono text-xs">{row.original.prefix}…</code>,
    },
    { id: 'state', header: 'State', size: 120, cell: ({ row }) => <KeyState apiKey={row.original} /> },
    { id: 'scopes', header: 'May', size: 250, cell: ({ row }) => <Scopes apiKey={row.original} /> },
    { id: 'created', header: 'Created', size: 120, cell: ({ row }) => <Time at={row.original.createdAt} /> },
    {
      id: 'expires',
      header: 'Expires',
      size: 120,
      cell: ({ row }) => {
        const end = endOf(row.original);
        return end ? <Time at={end} /> : <span className="text-muted">never</span>;
      },
    },
    {
      id: 'actions',
      header: () => <span className="sr-only">Actions</span>,
      size: 56,
      cell: ({ row: { original } }) =>
        original.revokedAt === null ? (
          <Menu
            trigger={<IconButton label={`Actions for ${original.name}`} icon={MoreHorizontal} />}
            items={[
              ...(original.rotatedTo === null ? [{ label: 'Rotate…', icon: RefreshCw, onSelect: () => onRotate(original) }] : []),
              { label: 'Revoke…', icon: Ban, danger: true, onSelect: () => onRevoke(original) },
            ]}
          />
        ) : null,
    },
  ];
}

/** When the key ceases to open anything by itself: its time is over, or its successor's grace; null for never. */
function endOf({ expiresAt, graceEndsAt }: ApiKey): string | null {
  const [first = null] = [expiresAt, graceEndsAt].filter((end) => end !== null).toSorted((a, b) => Date.parse(a) - Date.parse(b));
  return first;
}

/** Whether the key still opens anything. */
function KeyState({ apiKey }: { readonly apiKey: ApiKey }) {
  const now = useNow();
  if (apiKey.revokedAt) return <Badge tone="bad">revoked</Badge>;
  const end = endOf(apiKey);
  const isOver = end !== null && Date.parse(end) <= now;
  if (apiKey.rotatedTo) return <Badge tone={isOver ? 'idle' : 'warn'}>{isOver ? 'replaced' : 'being replaced'}</Badge>;
  if (isOver) return <Badge tone="idle">expired</Badge>;
  return <Badge tone="ok">active</Badge>;
}

function Scopes({ apiKey: { role, scopes } }: { readonly apiKey: ApiKey }) {
  const names = scopes.map(scopeName).join(', ');
  return (
    <span className="truncate" title={names}>
      {role ? <span className="font-medium">{statusWords(role)} </span> : null}
      <span className="font-mono text-xs text-muted">{names}</span>
    </span>
  );
}
