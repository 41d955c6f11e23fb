import {
  Ban,
  Bug,
  CalendarClock,
  ClipboardCopy,
  Download,
  Ellipsis,
  type LucideIcon,
  Pause,
  Play,
  RotateCcw,
  RotateCw,
} from 'lucide-react';
import { useState } from 'react';
import { useClient } from 'urql';
import { toProblem } from '../api/problem.ts';
import { useShortcuts } from '../app/shortcuts.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Menu } from '../ui/menu.tsx';
import { useToast } from '../ui/toast.tsx';
import { ActionDialog, RUN_ACTIONS, type RunAction } from './action-dialog.tsx';
import { TriggeredWith } from './action-documents.ts';
import type { RunHead } from './run-documents.ts';
import { asCurl, asGraphQL, type Triggered } from './trigger-text.ts';

const BUTTONS: Readonly<Record<Exclude<RunAction, 'SET_DEBUG'>, { readonly label: string; readonly icon: LucideIcon }>> = {
  REPLAY_DEAD_LETTER: { label: 'Replay', icon: RotateCcw },
  REPLAY: { label: 'Replay', icon: RotateCcw },
  RESUME: { label: 'Resume', icon: Play },
  PAUSE: { label: 'Pause', icon: Pause },
  RESTART: { label: 'Restart', icon: RotateCw },
  RESCHEDULE: { label: 'Reschedule', icon: CalendarClock },
  CANCEL: { label: 'Cancel', icon: Ban },
};

interface RunActionsProps {
  readonly run: RunHead;
  /** What may be done to it now. */
  readonly allowed: readonly string[];
  readonly onDone: () => Promise<void>;
}

/** What can be done to the run, and ways to take it along. */
export function RunActions({ run, allowed, onDone }: RunActionsProps) {
  const [action, setAction] = useState<RunAction | null>(null);
  const offered = RUN_ACTIONS.filter((name) => allowed.includes(name));
  const open = (...names: readonly RunAction[]) => setAction(names.find((name) => offered.includes(name)) ?? null);
  useShortcuts([
    { keys: 'c', label: 'Cancel the run', run: () => open('CANCEL') },
    { keys: 'r', label: 'Replay the run', run: () => open('REPLAY_DEAD_LETTER', 'REPLAY') },
    { keys: 'p', label: 'Pause or resume the run', run: () => open('PAUSE', 'RESUME') },
  ]);
  const take = useTake(run.id);
  return (
    <>
      {offered.map((name) =>
        name === 'SET_DEBUG' ? null : (
          <Button
            key={name}
            icon={BUTTONS[name].icon}
            variant={name === 'CANCEL' ? 'danger' : 'plain'}
            onClick={() => setAction(name)}
          >
            {BUTTONS[name].label}
          </Button>
        ),
      )}
      <Menu
        trigger={<IconButton label="More" icon={Ellipsis} />}
        items={[
          { label: 'Copy as curl', icon: ClipboardCopy, onSelect: () => void take((run) => asCurl(run, location.origin)) },
          { label: 'Copy as GraphQL', icon: ClipboardCopy, onSelect: () => void take(asGraphQL) },
          { label: 'Download debug bundle', icon: Download, onSelect: () => download(run.id) },
          ...(offered.includes('SET_DEBUG')
            ? [
                {
                  label: `Switch debug mode ${run.debugMode ? 'off' : 'on'}`,
                  icon: Bug,
                  onSelect: () => setAction('SET_DEBUG'),
                },
              ]
            : []),
        ]}
      />
      <ActionDialog action={action} run={run} onClose={() => setAction(null)} onDone={onDone} />
    </>
  );
}

/** Puts the trigger that repeats the run on the clipboard. */
function useTake(id: string): (print: (run: Triggered) => string) => Promise<void> {
  const client = useClient();
  const toast = useToast();
  return async (print) => {
    const { data, error } = await client.query(TriggeredWith, { id }, { requestPolicy: 'network-only' }).toPromise();
    if (!data) {
      toast({ text: error ? toProblem(error).text : 'The run could not be read. Try again.' });
      return;
    }
    await navigator.clipboard.writeText(print(data.run)).then(
      () => toast({ text: 'Copied: it triggers a run like this one.' }),
      () => toast({ text: 'The browser does not let this page use the clipboard. Allow it in the settings of the site.' }),
    );
  };
}

/** The browser asks for the file itself, with the session's cookie, and stores what comes. */
function download(id: string): void {
  const link = document.createElement('a');
  link.href = `/v1/runs/${id}/debug-bundle`;
  link.download = `run-${id}.json`;
  link.click();
}
