import { FieldControl } from '../../ui/form/field-control.tsx';
import type { Faults, FieldGroup, FieldValue, FieldValues } from '../../ui/form/form-field.ts';
import { isShown } from '../../ui/form/read-field.ts';
import type { OptionName } from './option-fields.ts';

interface OptionsPanelProps {
  readonly groups: readonly FieldGroup<OptionName>[];
  readonly values: FieldValues<OptionName>;
  readonly faults: Faults<OptionName>;
  readonly onChange: (name: OptionName, value: FieldValue) => void;
}

/** What can be said of a run beside its payload; folded away where it is rarely said. */
export function OptionsPanel({ groups, values, faults, onChange }: OptionsPanelProps) {
  return (
    <div className="grid gap-2">
      {groups.map(({ title, fields }, index) => (
        <details
          key={title}
          open={index === 0 || fields.some(({ name }) => name in faults)}
          className="rounded-xl border bg-surface"
        >
          <summary className="px-4 py-2">
            <h2 className="inline font-semibold">{title}</h2>
          </summary>
          <div className="grid gap-3 border-t p-4">
            {fields
              .filter((field) => isShown(field, values))
              .map((field) => (
                <FieldControl
                  key={field.name}
                  field={field}
                  value={values[field.name]}
                  error={faults[field.name] ?? null}
                  onChange={(value) => onChange(field.name, value)}
                />
              ))}
          </div>
        </details>
      ))}
    </div>
  );
}
