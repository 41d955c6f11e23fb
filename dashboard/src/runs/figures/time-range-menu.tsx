import { ChevronDown } from 'lucide-react';
import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx';
import { Field, TextInput } from '../../ui/field.tsx';
import { Menu } from '../../ui/menu.tsx';
import { writeSpan } from '../filter/moment.ts';

const RANGES: readonly (readonly [string, string])[] = [
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['6h', 'Last 6 hours'],
  ['24h', 'Last 24 hours'],
  ['7d', 'Last 7 days'],
  ['30d', 'Last 30 days'],
];

interface TimeRangeMenuProps {
  /** What the filter says of the creation, as it is written; null when it says nothing. */
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
}

/** Which time the runs are of: one of the usual ranges, or any two moments. */
export function TimeRangeMenu({ value, onChange }: TimeRangeMenuProps) {
  const [isAsking, setAsking] = useState(false);
  const usual = RANGES.find(([span]) => span === value?.replace(/^>/, ''));
  return (
    <>
      <Menu
        trigger={
          <Button className="h-9">
            {value === null ? 'Any time' : (usual?.[1] ?? 'Chosen time')}
            <ChevronDown aria-hidden className="size-4 text-muted" />
          </Button>
        }
        items={[
          { label: 'Any time', onSelect: () => onChange(null) },
          ...RANGES.map(([span, label]) => ({ label, onSelect: () => onChange(span) })),
          { label: 'From … to …', onSelect: () => setAsking(true) },
        ]}
      />
      <CustomRange open={isAsking} onClose={() => setAsking(false)} onChange={onChange} />
    </>
  );
}

interface CustomRangeProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onChange: (value: string) => void;
}

function CustomRange({ open, onClose, onChange }: CustomRangeProps) {
  const [from, setFrom] = useState('');
  const [to, setTo] = useState('');
  // The control writes a time of the viewer's zone, without one.
  const after = from === '' ? undefined : new Date(from).getTime();
  const before = to === '' ? undefined : new Date(to).getTime();
  const isTurned = after !== undefined && before !== undefined && after >= before;
  const span = writeSpan({ ...(after !== undefined && { after }), ...(before !== undefined && { before }) });
  return (
    <ConfirmDialog
      open={open}
      onClose={onClose}
      title="Runs created between two moments"
      confirm="Show them"
      disabled={span === '' || isTurned}
      onConfirm={async () => onChange(span)}
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="From" hint="In your time zone; empty for the beginning.">
          {(ids) => (
            <TextInput {...ids} type="datetime-local" step={1} value={from} onChange={(event) => setFrom(event.target.value)} />
          )}
        </Field>
        <Field label="To" hint="Empty for now." error={isTurned ? 'It ends before it begins: choose a later moment.' : null}>
          {(ids) => (
            <TextInput {...ids} type="datetime-local" step={1} value={to} onChange={(event) => setTo(event.target.value)} />
          )}
        </Field>
      </div>
    </ConfirmDialog>
  );
}
