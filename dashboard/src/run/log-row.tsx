import { ChevronRight } from 'lucide-react';
import { memo } from 'react';
import { formatDuration, formatExact } from '../ui/format.ts';
import { JsonView } from '../ui/json-view.tsx';
import { Badge, StatusBadge, statusWords, type Tone } from '../ui/status-badge.tsx';
import type { RunEvent } from './run-documents.ts';

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hourCycle: 'h23',
});

const TONES: Readonly<Record<string, Tone>> = { DEBUG: 'idle', INFO: 'info', WARN: 'warn', ERROR: 'bad' };

interface LogRowProps {
  readonly event: RunEvent;
  /** When the run was triggered, to show distances from it; null shows the time of the day. */
  readonly since: string | null;
  readonly isOpen: boolean;
  readonly isActive: boolean;
  readonly onToggle: (seq: number) => void;
}

/** One line of the story; it opens to show all of its text and data. */
export const LogRow = memo(function LogRow({ event, since, isOpen, isActive, onToggle }: LogRowProps) {
  const { seq, type, level, message, data, createdAt, toStatus, attempt } = event;
  return (
    <div
      data-active={isActive || undefined}
      className="border-b border-l-2 border-l-transparent data-active:border-l-accent data-active:bg-accent-soft"
    >
      <button
        type="button"
        data-seq={seq}
        aria-expanded={isOpen}
        onClick={() => onToggle(seq)}
        className="flex h-7 w-full items-center gap-2 px-2 text-left text-xs hover:bg-hover focus-visible:-outline-offset-2"
      >
        <ChevronRight aria-hidden className={`size-3.5 shrink-0 text-muted ${isOpen ? 'rotate-90' : ''}`} />
        <time dateTime={createdAt} title={formatExact(createdAt)} className="w-22 shrink-0 text-muted tabular-nums">
          {since === null
            ? CLOCK.format(new Date(createdAt))
            : `+${formatDuration(Math.max(0, Date.parse(createdAt) - Date.parse(since)))}`}
        </time>
        <span className={`w-14 shrink-0 ${level === 'INFO' ? 'hidden sm:inline' : ''}`}>
          <Badge tone={TONES[level] ?? 'idle'}>{level.toLowerCase()}</Badge>
        </span>
        <span className="hidden w-26 shrink-0 truncate text-muted sm:inline">{statusWords(type)}</span>
        {toStatus ? <StatusBadge status={toStatus} /> : null}
        <span className="min-w-0 flex-1 truncate font-mono">{message}</span>
        <span className="hidden shrink-0 text-muted sm:inline" title={`Attempt ${attempt}, event ${seq}`}>
          {attempt}·{seq}
        </span>
      </button>
      {isOpen ? (
        <div className="grid grid-cols-1 gap-2 px-3 pt-1 pb-3">
          <pre className="overflow-x-auto font-mono text-xs break-words whitespace-pre-wrap">{message}</pre>
          {data === null ? null : <JsonView value={data} label={`Data of event ${seq}`} />}
          <p className="text-xs text-muted">
            Event {seq} of attempt {attempt}, {statusWords(type)}, {formatExact(createdAt)}
          </p>
        </div>
      ) : null}
    </div>
  );
});
