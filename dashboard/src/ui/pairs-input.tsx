import { Plus, X } from 'lucide-react';
import { Button, IconButton } from './button.tsx';
import type { ControlIds } from './field.tsx';
import { TextInput } from './field.tsx';
import type { Pair } from './form/form-field.ts';

interface PairsInputProps extends ControlIds {
  /** What the pairs are, in words. */
  readonly label: string;
  readonly pairs: readonly Pair[];
  readonly onChange: (pairs: readonly Pair[]) => void;
}

/** Names and values, any number of them: labels, metadata. */
export function PairsInput({ label, pairs, onChange, id, ...described }: PairsInputProps) {
  const set = (index: number, pair: Pair) => onChange(pairs.map((old, at) => (at === index ? pair : old)));
  return (
    <fieldset className="grid gap-1.5" {...described}>
      <legend className="sr-only">{label}</legend>
      {pairs.map(([name, value], index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a pair is its place; its name changes with each letter typed.
        <div key={index} className="flex items-center gap-1.5">
          <TextInput
            aria-label={`${label}: name ${index + 1}`}
            placeholder="name"
            value={name}
            className="w-2/5"
            onChange={(event) => set(index, [event.target.value, value])}
          />
          <TextInput
            aria-label={`${label}: value ${index + 1}`}
            placeholder="value"
            value={value}
            className="flex-1"
            onChange={(event) => set(index, [name, event.target.value])}
          />
          <IconButton
            label={`Take out ${name || `pair ${index + 1}`}`}
            icon={X}
            onClick={() => onChange(pairs.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      <Button id={id} icon={Plus} className="justify-self-start" onClick={() => onChange([...pairs, ['', '']])}>
        Add
      </Button>
    </fieldset>
  );
}
