import { Select } from '../ui/field.tsx';
import { WINDOWS, type Window, windowOf } from './windows.ts';

interface WindowChoiceProps {
  readonly selected: Window;
  readonly onSelect: (window: Window) => void;
}

/** Chooses how far back figures look. */
export function WindowChoice({ selected, onSelect }: WindowChoiceProps) {
  return (
    <Select
      aria-label="Time the figures are of"
      value={selected.toLowerCase()}
      onChange={(event) => onSelect(windowOf(event.target.value))}
    >
      {WINDOWS.map(({ id, label }) => (
        <option key={id} value={id.toLowerCase()}>
          {label}
        </option>
      ))}
    </Select>
  );
}
