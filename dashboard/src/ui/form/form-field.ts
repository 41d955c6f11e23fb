/** How a field is edited and read. */
export type FieldKind = 'text' | 'long' | 'secret' | 'number' | 'numbers' | 'choice' | 'switch' | 'pairs' | 'json' | 'moment';

/** A field of a form that is written down as a table. */
export interface FormField<Name extends string = string> {
  readonly name: Name;
  readonly label: string;
  readonly kind: FieldKind;
  readonly hint?: string;
  readonly required?: true;
  /** Empty means none; a field without it keeps its default when it is left empty at creation, and cannot be emptied later. */
  readonly clearable?: true;
  readonly choices?: readonly (readonly [value: string, words: string])[];
  /** Shown only while another field has this value. */
  readonly when?: readonly [field: Name, value: string];
}

/** Fields that belong together. */
export interface FieldGroup<Name extends string = string> {
  readonly title: string;
  readonly fields: readonly FormField<Name>[];
}

/** A name and its value. */
export type Pair = readonly [name: string, value: string];

/** What stands in a field: text as it was typed, a switch, pairs. */
export type FieldValue = string | boolean | readonly Pair[];

/** What stands in a form. */
export type FieldValues<Name extends string> = Readonly<Record<Name, FieldValue>>;

/** What is wrong, by field. */
export type Faults<Name extends string> = Readonly<Partial<Record<Name, string>>>;
