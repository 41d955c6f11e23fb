import { lazy, Suspense } from 'react';
import { Field, TextArea } from '../../ui/field.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import type { PayloadFault } from './payload-faults.ts';
import type { Payload } from './use-payload.ts';

/** The library that draws forms is loaded with the first job that has a schema. */
const SchemaForm = lazy(() => import('./schema-form.tsx'));

/** How the payload is edited. */
export type PayloadMode = 'form' | 'json';

interface PayloadEditorProps {
  /** Null for a job that takes any JSON: there is no form then. */
  readonly schema: Readonly<Record<string, unknown>> | null;
  readonly payload: Payload;
  readonly faults: readonly PayloadFault[];
  readonly mode: PayloadMode;
  readonly onMode: (mode: PayloadMode) => void;
}

/** The payload as a form made from the job's schema, or as the JSON that it is; either way the same payload. */
export function PayloadEditor({ schema, payload, faults, mode, onMode }: PayloadEditorProps) {
  const json = <JsonEditor payload={payload} faults={faults} />;
  if (schema === null) return json;
  return (
    <Tabs
      label="How to edit the payload"
      selected={mode}
      onSelect={(id) => onMode(id === 'json' ? 'json' : 'form')}
      tabs={[
        {
          id: 'form',
          label: 'Form',
          content: payload.fault ? (
            <p className="text-warn">The text is no JSON, so the form cannot show it: {payload.fault}. Mend it as JSON first.</p>
          ) : (
            <Suspense fallback={<Skeleton lines={6} label="Loading the form" />}>
              <SchemaForm schema={schema} value={payload.value} faults={faults} onChange={payload.setValue} />
            </Suspense>
          ),
        },
        { id: 'json', label: 'JSON', content: json },
      ]}
    />
  );
}

function JsonEditor({ payload, faults }: { readonly payload: Payload; readonly faults: readonly PayloadFault[] }) {
  const words = payload.fault ? `is not JSON: ${payload.fault}` : faults.map(faultWords).join('\n');
  return (
    <Field label="Payload" hint="Any JSON; empty is no payload." error={words === '' ? null : words}>
      {(ids) => (
        <TextArea
          {...ids}
          rows={16}
          spellCheck={false}
          className="font-mono text-xs"
          value={payload.text}
          onChange={(event) => payload.setText(event.target.value)}
        />
      )}
    </Field>
  );
}

function faultWords({ path, message }: PayloadFault): string {
  return `${path.length === 0 ? 'The payload' : path.join('.')} ${message}`;
}
