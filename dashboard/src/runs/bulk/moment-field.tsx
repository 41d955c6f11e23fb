import { useState } from 'react';
import { Button } from '../../ui/button.tsx';
import { Field, TextInput } from '../../ui/field.tsx';

const HOURS = [0, 1, 6, 24];

interface MomentFieldProps {
  readonly value: Date | null;
  readonly onChange: (value: Date | null) => void;
}

/** A moment in the viewer's zone, or one of a few distances from now. */
export function MomentField({ value, onChange }: MomentFieldProps) {
  const [text, setText] = useState('');
  const write = (next: string) => {
    setText(next);
    onChange(next === '' ? null : new Date(next));
  };
  return (
    <div className="flex flex-wrap items-end gap-2">
      <Field label="Start at" hint={value ? `That is ${value.toISOString()}.` : 'In your time zone.'}>
        {(ids) => (
          <TextInput {...ids} type="datetime-local" step={1} value={text} onChange={(event) => write(event.target.value)} />
        )}
      </Field>
      <div className="flex gap-1 pb-5">
        {HOURS.map((hours) => (
          <Button key={hours} onClick={() => write(toLocal(new Date(Date.now() + hours * 3_600_000)))}>
            {hours === 0 ? 'Now' : `+${hours} h`}
          </Button>
        ))}
      </div>
    </div>
  );
}

/** As the control writes it: local, without a zone, to the second. */
function toLocal(date: Date): string {
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
