import { useState } from 'react';
import type { VariablesOf } from '../api/graphql.ts';
import { useAction } from '../api/use-action.ts';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, Select } from '../ui/field.tsx';
import { useToast } from '../ui/toast.tsx';
import type { ActionDialogProps } from './action-dialog.tsx';
import { RestartRun } from './action-documents.ts';

type MachinePreset = NonNullable<VariablesOf<typeof RestartRun>['machinePreset']>;

const PRESETS: readonly MachinePreset[] = ['MICRO', 'SMALL_1X', 'SMALL_2X', 'MEDIUM_1X', 'MEDIUM_2X', 'LARGE_1X', 'LARGE_2X'];

/** Starts the process of a run anew, on another machine if asked for. */
export function RestartDialog({ open, run, onClose, onDone }: ActionDialogProps) {
  const [preset, setPreset] = useState<MachinePreset | ''>('');
  const { run: restart } = useAction(RestartRun);
  const toast = useToast();

  async function confirm(): Promise<void> {
    await restart({ id: run.id, machinePreset: preset === '' ? null : preset });
    await onDone();
    toast({ text: 'The run starts anew from its last checkpoint.' });
  }

  return (
    <ConfirmDialog open={open} onClose={onClose} title="Restart this run" confirm="Restart" onConfirm={confirm}>
      <div className="grid gap-3">
        <p>Its process is stopped, and a new one goes on from the last checkpoint. What was done since then is done again.</p>
        <Field label="Machine">
          {(ids) => (
            <Select {...ids} value={preset} onChange={(event) => setPreset(event.target.value as MachinePreset | '')}>
              <option value="">As before{run.machinePreset ? ` (${words(run.machinePreset)})` : ''}</option>
              {PRESETS.map((name) => (
                <option key={name} value={name}>
                  {words(name)}
                </option>
              ))}
            </Select>
          )}
        </Field>
      </div>
    </ConfirmDialog>
  );
}

function words(preset: string): string {
  return preset.toLowerCase().replace('_', ' ');
}
