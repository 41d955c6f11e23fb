// Not from the package's index: that leads to a test helper, and with it to a validator that needs eval.
import Form from '@rjsf/core/lib/components/Form.js';
import type { ErrorSchema, RJSFSchema, UiSchema, ValidatorType } from '@rjsf/utils';
import { useMemo } from 'react';
import { fits, type PayloadFault } from './payload-faults.ts';
import { templates } from './schema-templates.tsx';
import { widgets } from './schema-widgets.tsx';

/**
 * What the form asks while it is drawn: which alternative of a schema a value is of. What is wrong with a payload is told from outside,
 * alike for the form and for the text beside it.
 */
const validator: ValidatorType = {
  isValid: (schema, value, root) => fits(schema, value, root),
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  rawValidation: () => ({ errors: [] }),
};

/** Where the ids of the controls begin; that of the whole form. */
export const FORM_ID = 'payload';

interface SchemaFormProps {
  readonly schema: Readonly<Record<string, unknown>>;
  readonly value: unknown;
  readonly faults: readonly PayloadFault[];
  readonly onChange: (value: unknown) => void;
}

/** A form made from a JSON Schema, drawn with the controls of everything else here. */
export default function SchemaForm({ schema, value, faults, onChange }: SchemaFormProps) {
  const errors = useMemo(() => toErrorSchema(faults), [faults]);
  const uiSchema = useMemo(() => ({ ...orderOf(schema), 'ui:submitButtonOptions': { norender: true } }), [schema]);
  return (
    <Form
      tagName="div"
      idPrefix={FORM_ID}
      schema={schema as RJSFSchema}
      uiSchema={uiSchema}
      formData={value}
      validator={validator}
      templates={templates}
      widgets={widgets}
      extraErrors={errors}
      showErrorList={false}
      noValidate
      onChange={({ formData }) => onChange(formData)}
    />
  );
}

/** The order of properties is not kept with a schema, that of what is required is: it goes first, all the way down. */
function orderOf(schema: unknown, depth = 0): UiSchema {
  if (typeof schema !== 'object' || schema === null || depth > MAX_DEPTH) return {};
  const { properties = {}, required = [], items } = schema as RJSFSchema;
  const first = required.filter((name) => Object.hasOwn(properties, name));
  const inner = Object.entries(properties).map(([name, part]) => [name, orderOf(part, depth + 1)]);
  return {
    ...(first.length > 0 && { 'ui:order': [...first, '*'] }),
    ...Object.fromEntries(inner),
    ...(items !== undefined && { items: orderOf(items, depth + 1) }),
  };
}

/** A schema may be nested as deep as JSON; nobody fills in a form that is. */
const MAX_DEPTH = 16;

/** Faults as the form takes them: a tree like the payload, with the words at the places they are about. */
function toErrorSchema(faults: readonly PayloadFault[]): ErrorSchema {
  const root: ErrorSchema<Record<string, unknown>> = {};
  for (const { path, message } of faults) {
    let place: ErrorSchema<Record<string, unknown>> = root;
    for (const step of path) {
      if (!Object.hasOwn(place, step)) place[step] = {};
      place = place[step] as ErrorSchema<Record<string, unknown>>;
    }
    place.__errors = [...(place.__errors ?? []), message];
  }
  return root;
}
