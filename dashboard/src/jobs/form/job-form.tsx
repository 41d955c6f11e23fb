import { type FormEvent, useRef, useState } from 'react';
import { ProblemError } from '../../api/problem.ts';
import { Button } from '../../ui/button.tsx';
import { FieldControl } from '../../ui/form/field-control.tsx';
import { faultsOf, isShown } from '../../ui/form/read-field.ts';
import { Panel } from '../../ui/screen.tsx';
import { useFocusFault } from '../../ui/use-focus-fault.ts';
import { COMMON_GROUPS } from './common-fields.ts';
import { FIELDS } from './fields.ts';
import { readForm } from './form-values.ts';
import type { Faults, FormValues, JobFieldGroup } from './job-field.ts';
import { RARE_GROUPS } from './rare-fields.ts';

interface JobFormProps {
  /** What the form starts with. */
  readonly initial: FormValues;
  readonly isNew: boolean;
  /** The verb on the button. */
  readonly submit: string;
  /** Sends it; what it rejects with is shown at its fields. Not called when nothing has changed. */
  readonly onSubmit: (input: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly onCancel: () => void;
}

/** A job to be created or changed: its fields in groups, with what is wrong at the field it is wrong with. */
export function JobForm({ initial, isNew, submit, onSubmit, onCancel }: JobFormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [values, setValues] = useState(initial);
  const [faults, setFaults] = useState<Faults>({});
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [refusals, setRefusals] = useState(0);
  useFocusFault(form, refusals);

  /** Shows what is wrong, and puts the focus on the first field that is. */
  function show(found: Faults, words: string | null): void {
    setFaults(found);
    setProblem(words);
    setRefusals((count) => count + 1);
  }

  async function send(event: FormEvent): Promise<void> {
    event.preventDefault();
    const { input, faults: found } = readForm(values, isNew ? null : initial);
    if (Object.keys(found).length > 0) return show(found, null);
    if (Object.keys(input).length === 0) return show({}, 'Nothing has changed yet.');
    setBusy(true);
    try {
      await onSubmit(input);
    } catch (error) {
      const { details = [], code } = error instanceof ProblemError ? error.problem : { code: '' };
      const atFields =
        code === 'CONFLICT' && details.length === 0 && 'slug' in input ? slugTaken(error) : faultsOf(details, FIELDS);
      show(atFields, Object.keys(atFields).length > 0 ? null : String(error instanceof Error ? error.message : error));
    } finally {
      setBusy(false);
    }
  }

  const group = ({ fields }: JobFieldGroup) => (
    <div className="grid grid-cols-1 gap-x-6 gap-y-4 md:grid-cols-2">
      {fields
        .filter((field) => isShown(field, values))
        .map((field) => (
          <div key={field.name} className={WIDE.has(field.kind) ? 'md:col-span-2' : ''}>
            <FieldControl
              field={field}
              value={values[field.name]}
              error={faults[field.name] ?? null}
              onChange={(value) => setValues((before) => ({ ...before, [field.name]: value }))}
            />
          </div>
        ))}
    </div>
  );
  return (
    <form ref={form} noValidate className="grid max-w-4xl grid-cols-1 gap-3" onSubmit={(event) => void send(event)}>
      {problem ? (
        <p role="alert" className="rounded-md border border-bad bg-bad-soft p-3 text-bad">
          {problem}
        </p>
      ) : null}
      {COMMON_GROUPS.map((part) => (
        <Panel key={part.title} title={part.title}>
          {group(part)}
        </Panel>
      ))}
      {RARE_GROUPS.map((part) => (
        <RareGroup key={part.title} title={part.title} open={isSet(part, initial) || hasFault(part, faults)}>
          {group(part)}
        </RareGroup>
      ))}
      <div className="sticky bottom-0 -mx-4 flex justify-end gap-2 border-t bg-canvas px-4 py-3">
        <Button onClick={onCancel}>Cancel</Button>
        <Button variant="primary" type="submit" busy={busy}>
          {submit}
        </Button>
      </div>
    </form>
  );
}

const WIDE: ReadonlySet<string> = new Set(['long', 'json', 'pairs']);

/** A group that is folded away unless something in it is set. */
function RareGroup({
  title,
  open,
  children,
}: {
  readonly title: string;
  readonly open: boolean;
  readonly children: React.ReactNode;
}) {
  return (
    <details open={open} className="rounded-xl border bg-surface">
      <summary className="px-4 py-2">
        <h2 className="inline font-semibold">{title}</h2>
      </summary>
      <div className="border-t p-4">{children}</div>
    </details>
  );
}

function isSet({ fields }: JobFieldGroup, values: FormValues): boolean {
  return fields.some(({ name }) => {
    const value = values[name];
    return typeof value === 'string' ? value !== '' && value !== 'UTC' : typeof value === 'object' && value.length > 0;
  });
}

function hasFault({ fields }: JobFieldGroup, faults: Faults): boolean {
  return fields.some(({ name }) => name in faults);
}

/** A slug that another job has is the one conflict that a field can be blamed for; the server says it without naming the field. */
function slugTaken(error: unknown): Faults {
  return error instanceof Error && error.message.includes('slug') ? { slug: error.message } : {};
}
