import { useEffect, useState } from 'react';
import { useQuery } from 'urql';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, Select, TextArea, TextInput } from '../ui/field.tsx';
import { CreateScheduleMutation, type Schedule, TargetsQuery, UpdateScheduleMutation } from './documents.ts';
import { FirePreview } from './next-fires.tsx';
import { formOf, newForm, type ScheduleForm, toChange, toInput, toInstant, toTarget } from './schedule-form.ts';

interface ScheduleDialogProps {
  /** The schedule to change, `new` to make one, null to show nothing. */
  readonly editing: Schedule | 'new' | null;
  readonly onClose: () => void;
  readonly onSaved: (schedule: Schedule) => void;
}

const OVERLAPS = [
  ['ALLOW', 'start another one'],
  ['SKIP', 'skip this moment'],
  ['CANCEL_PREVIOUS', 'cancel the earlier one'],
] as const;

const CATCH_UPS = [
  ['SKIP', 'none of them fires'],
  ['ONE', 'the latest fires'],
  ['ALL', 'all of them fire'],
] as const;

/** Makes or changes a schedule, with its next moments as one types. */
export function ScheduleDialog({ editing, onClose, onSaved }: ScheduleDialogProps) {
  const [{ data }] = useQuery({ query: TargetsQuery, pause: editing === null });
  const create = useAction(CreateScheduleMutation);
  const update = useAction(UpdateScheduleMutation);
  const [form, setForm] = useState<ScheduleForm>(newForm);
  const set = (change: Partial<ScheduleForm>) => setForm((before) => ({ ...before, ...change }));
  const isNew = editing === 'new';

  useEffect(() => {
    if (editing !== null) setForm(editing === 'new' ? newForm() : formOf(editing));
  }, [editing]);

  async function submit(): Promise<void> {
    if (isNew) onSaved((await create.run({ input: { ...toInput(form), ...toTarget(form) } })).createSchedule);
    else if (editing) onSaved((await update.run({ id: editing.id, input: toChange(form, editing) })).updateSchedule);
  }

  return (
    <ConfirmDialog
      open={editing !== null}
      onClose={onClose}
      title={isNew ? 'Create a schedule' : 'Change the schedule'}
      confirm={isNew ? 'Create the schedule' : 'Save'}
      disabled={form.name.trim() === '' || form.target === ''}
      onConfirm={submit}
    >
      <div className="grid gap-4">
        <Field label="Name">
          {(ids) => <TextInput {...ids} value={form.name} onChange={(event) => set({ name: event.target.value })} />}
        </Field>
        <Field label="Starts" hint={isNew ? undefined : 'What a schedule starts stays; make another one for something else.'}>
          {(ids) => (
            <Select {...ids} value={form.target} disabled={!isNew} onChange={(event) => set({ target: event.target.value })}>
              <option value="">choose a job or a workflow</option>
              <optgroup label="Jobs">
                {data?.jobs.edges.map(({ node }) => (
                  <option key={node.id} value={`job:${node.id}`}>
                    {node.name}
                  </option>
                ))}
              </optgroup>
              <optgroup label="Workflows">
                {data?.workflows.edges.map(({ node }) => (
                  <option key={node.id} value={`workflow:${node.id}`}>
                    {node.name}
                  </option>
                ))}
              </optgroup>
            </Select>
          )}
        </Field>
        <Field label="When">
          {(ids) => (
            <Select
              {...ids}
              value={form.kind}
              onChange={(event) => set({ kind: event.target.value === 'once' ? 'once' : 'cron' })}
            >
              <option value="cron">again and again, by a cron expression</option>
              <option value="once">once, at a moment</option>
            </Select>
          )}
        </Field>
        {form.kind === 'cron' ? (
          <div className="grid items-start gap-3 sm:grid-cols-2">
            <Field label="Cron expression" hint="minute hour day month weekday; with a sixth field in front for seconds">
              {(ids) => (
                <TextInput
                  {...ids}
                  className="font-mono"
                  value={form.cron}
                  onChange={(event) => set({ cron: event.target.value })}
                />
              )}
            </Field>
            <Field label="Time zone" hint="by its IANA name">
              {(ids) => (
                <div className="grid">
                  <TextInput
                    {...ids}
                    list="time-zones"
                    value={form.timezone}
                    onChange={(event) => set({ timezone: event.target.value })}
                  />
                  <datalist id="time-zones">
                    {Intl.supportedValuesOf('timeZone').map((zone) => (
                      <option key={zone} value={zone} />
                    ))}
                  </datalist>
                </div>
              )}
            </Field>
          </div>
        ) : (
          <Field label="Moment" hint="in your time zone">
            {(ids) => (
              <TextInput
                {...ids}
                type="datetime-local"
                value={form.runAt}
                onChange={(event) => set({ runAt: event.target.value })}
              />
            )}
          </Field>
        )}
        <section aria-label="The next moments" className="min-h-32 rounded-lg border bg-canvas p-3 text-xs">
          <FirePreview
            cron={form.kind === 'cron' ? form.cron.trim() : ''}
            timezone={form.timezone.trim()}
            runAt={form.kind === 'once' ? toInstant(form.runAt) : ''}
          />
        </section>
        <div className="grid items-start gap-3 sm:grid-cols-2">
          <Field label="When the one before still runs">
            {(ids) => (
              <Select
                {...ids}
                value={form.overlapPolicy}
                onChange={(event) => set({ overlapPolicy: event.target.value as ScheduleForm['overlapPolicy'] })}
              >
                {OVERLAPS.map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
          <Field label="Moments no server was there for">
            {(ids) => (
              <Select
                {...ids}
                value={form.catchUp}
                onChange={(event) => set({ catchUp: event.target.value as ScheduleForm['catchUp'] })}
              >
                {CATCH_UPS.map(([value, label]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </Select>
            )}
          </Field>
        </div>
        <Field label="Payload" hint="JSON, the input of every run; may stay empty">
          {(ids) => (
            <TextArea
              {...ids}
              className="font-mono text-xs"
              value={form.payload}
              onChange={(event) => set({ payload: event.target.value })}
            />
          )}
        </Field>
      </div>
    </ConfirmDialog>
  );
}
