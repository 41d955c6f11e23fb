import { useEffect, useRef, useState } from 'react';
import { useShortcuts } from '../app/shortcuts.ts';
import { type Address, useAddress } from '../app/use-address.ts';
import { Button } from '../ui/button.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Checkbox, Select, TextInput } from '../ui/field.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { EVENT_TYPES, isOpen, LOG_LEVELS, type LogFilter, readLogFilter } from './log-filter.ts';
import { LogList } from './log-list.tsx';
import { isFinal } from './run-status.ts';
import type { LiveRun } from './use-run.ts';
import { useRunLog } from './use-run-log.ts';

/** How long somebody who types pauses before it is searched for. */
const TYPING_MS = 250;

/** The story of the run: every event and log line, followed live, filtered by level, type and text. */
export function LogTab({ live }: { readonly live: LiveRun }) {
  const address = useAddress();
  const { search, change } = address;
  const [isFollowed, setFollowed] = useState(true);
  const filter = readLogFilter(search);
  const log = useRunLog({ live, filter, isFollowed });
  const isRelative = search['time'] === 'relative';
  const clear = () => change({ level: null, type: null, q: null });
  return (
    <div className="grid grid-cols-1 gap-2">
      <LogFilters filter={filter} address={address} isFollowed={isFollowed} onFollow={setFollowed} />
      {log.problem ? <ProblemNotice problem={log.problem} onRetry={log.loadNewest} /> : null}
      {log.window === null ? (
        log.problem ? null : (
          <div className="h-[60vh] min-h-64 rounded-xl border bg-surface">
            <Skeleton lines={10} label="Loading the events" />
          </div>
        )
      ) : log.window.events.length === 0 ? (
        <div className="h-[60vh] min-h-64 rounded-xl border bg-surface">
          <EmptyState title="No such events" action={isOpen(filter) ? null : <Button onClick={clear}>Remove the filters</Button>}>
            <p>
              {isFinal(live.run.status)
                ? 'Nothing in the story of this run matches.'
                : 'Nothing that has happened so far matches. What happens from now on appears here by itself.'}
            </p>
          </EmptyState>
        </div>
      ) : (
        <LogList
          window={log.window}
          isLoading={log.isLoading}
          since={isRelative ? live.run.createdAt : null}
          isFollowed={isFollowed}
          onFollow={setFollowed}
          onOlder={log.loadOlder}
          onNewer={log.loadNewer}
          onNewest={log.loadNewest}
          onOldest={log.loadOldest}
        />
      )}
    </div>
  );
}

interface LogFiltersProps {
  readonly filter: LogFilter;
  readonly address: Address;
  readonly isFollowed: boolean;
  readonly onFollow: (isFollowed: boolean) => void;
}

function LogFilters({ filter, address, isFollowed, onFollow }: LogFiltersProps) {
  const field = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(filter.search);
  const { search, change } = address;
  /** What this field has put into the address: anything else came from elsewhere, and is taken over. */
  const sent = useRef(filter.search);
  useEffect(() => {
    if (filter.search === sent.current) return;
    sent.current = filter.search;
    setText(filter.search);
  }, [filter.search]);
  useEffect(() => {
    const timer = setTimeout(() => {
      if (text.trim() === filter.search) return;
      sent.current = text.trim();
      change({ q: text.trim() || null });
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text, filter.search, change]);
  useShortcuts([{ keys: '/', label: 'Search the events', run: () => field.current?.focus() }]);
  const toggle = (level: (typeof LOG_LEVELS)[number]) =>
    change({ level: LOG_LEVELS.filter((name) => filter.levels.includes(name) !== (name === level)).join(',') || null });
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
      <TextInput
        ref={field}
        type="search"
        aria-label="Search the events"
        placeholder="Search the messages"
        className="w-full sm:w-60"
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.target.value)}
      />
      <fieldset className="flex gap-1">
        <legend className="sr-only">Levels</legend>
        {LOG_LEVELS.map((level) => (
          <Button
            key={level}
            aria-pressed={filter.levels.includes(level)}
            className="px-2 text-xs aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
            onClick={() => toggle(level)}
          >
            {level.toLowerCase()}
          </Button>
        ))}
      </fieldset>
      <Select
        aria-label="Type of event"
        value={filter.types[0] ?? ''}
        onChange={(event) => change({ type: event.target.value || null })}
      >
        <option value="">Everything</option>
        {Object.entries(EVENT_TYPES).map(([type, words]) => (
          <option key={type} value={type}>
            {words}
          </option>
        ))}
      </Select>
      <Checkbox
        label="Time since the trigger"
        checked={search['time'] === 'relative'}
        onChange={(event) => change({ time: event.target.checked ? 'relative' : null })}
      />
      <Checkbox label="Follow" checked={isFollowed} onChange={(event) => onFollow(event.target.checked)} />
    </div>
  );
}
