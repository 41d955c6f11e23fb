import type { FieldGroup, FieldValues, Faults as FormFaults, FormField } from '../../ui/form/form-field.ts';
import type { Definition } from '../documents.ts';

/** What a form of a job can set: what a job says, and what it never shows again. */
export type FieldName = keyof Definition | 'enabled' | 'webhookSecret';

export type JobField = FormField<FieldName>;
export type JobFieldGroup = FieldGroup<FieldName>;
export type FormValues = FieldValues<FieldName>;
export type Faults = FormFaults<FieldName>;
