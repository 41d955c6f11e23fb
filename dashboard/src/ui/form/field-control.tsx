import { Checkbox, Field, Select, TextArea, TextInput } from '../field.tsx';
import { PairsInput } from '../pairs-input.tsx';
import type { FieldValue, FormField } from './form-field.ts';

interface FieldControlProps {
  readonly field: FormField;
  readonly value: FieldValue;
  readonly error: string | null;
  readonly onChange: (value: FieldValue) => void;
}

/** A field, edited as its kind wants it. */
export function FieldControl({ field, value, error, onChange }: FieldControlProps) {
  const { kind, label, hint, required, choices = [] } = field;
  if (typeof value === 'boolean') {
    return (
      <div className="grid gap-1">
        <Checkbox label={label} checked={value} onChange={(event) => onChange(event.target.checked)} />
        <p className="text-xs text-muted">{hint}</p>
      </div>
    );
  }
  return (
    <Field label={required ? `${label} *` : label} hint={hint} error={error}>
      {(ids) => {
        if (typeof value !== 'string') return <PairsInput {...ids} label={label} pairs={value} onChange={onChange} />;
        const text = {
          ...ids,
          name: field.name,
          value,
          'aria-required': required,
          onChange: (event: { target: { value: string } }) => onChange(event.target.value),
        };
        switch (kind) {
          case 'choice':
            return (
              <Select {...text}>
                {choices.map(([choice, words]) => (
                  <option key={choice} value={choice}>
                    {words}
                  </option>
                ))}
              </Select>
            );
          case 'long':
            return <TextArea {...text} rows={2} />;
          case 'json':
            return <TextArea {...text} rows={10} spellCheck={false} className="font-mono text-xs" />;
          case 'secret':
            return <TextInput {...text} type="password" autoComplete="new-password" />;
          case 'moment':
            return <TextInput {...text} type="datetime-local" step={1} />;
          default:
            return <TextInput {...text} inputMode={kind === 'number' ? 'numeric' : undefined} autoComplete="off" />;
        }
      }}
    </Field>
  );
}
