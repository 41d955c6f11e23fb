import { Link } from '@tanstack/react-router';
import { RefreshCw, X } from 'lucide-react';
import { useEffect } from 'react';
import { usePages } from '../api/use-pages.ts';
import { useAddress } from '../app/use-address.ts';
import { Button } from '../ui/button.tsx';
import { type Column, DataTable } from '../ui/data-table.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Field, Select } from '../ui/field.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { StatusBadge, statusWords } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { DeliveryDialog } from './delivery-dialog.tsx';
import { DeliveriesQuery, type Delivery } from './documents.ts';
import { eventName } from './event-types.ts';

/** Rows of a page: a longer list is somebody reading, whose place would be lost. */
const PAGE = 100;
const RELOAD_MS = 1_500;
const STATUSES = ['PENDING', 'FAILED', 'DELIVERED', 'DEAD'] as const;

const COLUMNS: readonly Column<Delivery>[] = [
  { id: 'status', header: 'Status', size: 110, cell: ({ row }) => <StatusBadge status={row.original.status} /> },
  { id: 'event', header: 'Event', size: 150, cell: ({ row }) => <DeliveryLink delivery={row.original} /> },
  { id: 'url', header: 'To', size: 270, cell: ({ row }) => <span className="font-mono text-xs">{row.original.webhookUrl}</span> },
  { id: 'attempts', header: 'Attempts', size: 80, cell: ({ row }) => row.original.attempts },
  {
    id: 'answer',
    header: 'Answer',
    size: 160,
    cell: ({ row: { original } }) =>
      original.responseStatus === null ? (original.error ?? '') : `HTTP ${original.responseStatus}`,
  },
  { id: 'created', header: 'Created', size: 120, cell: ({ row }) => <Time at={row.original.createdAt} /> },
  {
    id: 'next',
    header: 'Next attempt',
    size: 120,
    cell: ({ row }) => (row.original.nextAttemptAt ? <Time at={row.original.nextAttemptAt} /> : null),
  },
];

/** The messages, newest first, and how sending each went. */
export function DeliveriesPanel() {
  const { search, change } = useAddress();
  const status = STATUSES.find((known) => known === search['status']);
  const subscriptionId = search['subscription'];
  const filter = { ...(status && { status: [status] }), ...(subscriptionId && { subscriptionId }) };
  const pages = usePages(DeliveriesQuery, { filter }, (data) => data.webhookDeliveries);
  const { rows, reload } = pages;
  const isUnderWay = rows.some((delivery) => delivery.status === 'PENDING');
  // No subscription tells of deliveries. The first attempt of one is a matter of moments, which is all this waits for.
  useEffect(() => {
    if (!isUnderWay || rows.length > PAGE) return;
    const timer = setTimeout(reload, RELOAD_MS);
    return () => clearTimeout(timer);
  }, [isUnderWay, rows, reload]);

  return (
    <div className="flex h-[calc(100dvh-10rem)] min-h-80 flex-col gap-3">
      <div className="flex flex-wrap items-end gap-2">
        <Field label="Status">
          {(ids) => (
            <Select {...ids} value={status ?? ''} onChange={(event) => change({ status: event.target.value || null })}>
              <option value="">all</option>
              {STATUSES.map((known) => (
                <option key={known} value={known}>
                  {statusWords(known)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {subscriptionId ? (
          <Button icon={X} onClick={() => change({ subscription: null })}>
            Of one subscription
          </Button>
        ) : null}
        <Button icon={RefreshCw} className="ml-auto" busy={pages.isLoading} onClick={pages.reload}>
          Refresh
        </Button>
      </div>
      {pages.problem ? <ProblemNotice problem={pages.problem} onRetry={pages.reload} /> : null}
      <DataTable
        label="Webhook deliveries"
        rows={pages.rows}
        columns={COLUMNS}
        rowId={(delivery) => delivery.id}
        href={(delivery) => `/webhooks?${new URLSearchParams({ ...search, delivery: delivery.id })}`}
        hasMore={pages.hasMore}
        onMore={pages.loadMore}
        isLoading={pages.isLoading}
        keyboard
        empty={
          <EmptyState title="No messages">
            <p>
              None was sent{status || subscriptionId ? ' that fits these conditions' : ' yet'}. Messages are kept for 30 days.
            </p>
          </EmptyState>
        }
      />
      <DeliveryDialog id={search['delivery'] || null} onClose={() => change({ delivery: null })} onChanged={pages.reload} />
    </div>
  );
}

/** The event of a delivery, as a link to all there is to see of it. */
function DeliveryLink({ delivery }: { readonly delivery: Delivery }) {
  return (
    <Link
      to="/webhooks"
      search={(before) => ({ ...before, delivery: delivery.id })}
      className="font-mono text-xs font-medium hover:underline"
    >
      {eventName(delivery.eventType)}
    </Link>
  );
}
