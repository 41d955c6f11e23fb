import type { FormProps } from '@rjsf/core/lib/components/Form.js';
import {
  ADDITIONAL_PROPERTY_FLAG,
  type ArrayFieldItemTemplateProps,
  type ArrayFieldTemplateProps,
  canExpand,
  descriptionId,
  errorId,
  type FieldErrorProps,
  type FieldPathId,
  type FieldTemplateProps,
  type MultiSchemaFieldTemplateProps,
  type ObjectFieldTemplateProps,
  type UnsupportedFieldProps,
  type WrapIfAdditionalTemplateProps,
} from '@rjsf/utils';
import { ArrowDown, ArrowUp, Plus, Trash2 } from 'lucide-react';
import { Button, IconButton } from '../../ui/button.tsx';
import { TextInput } from '../../ui/field.tsx';
import { BaseInput } from './schema-widgets.tsx';

/** What a part is called: items of a list by their number. */
function titleOf(title: string, { path }: FieldPathId, required: boolean | undefined): string {
  const last = path.at(-1);
  if (typeof last === 'number') return `Item ${last + 1}`;
  return required ? `${title} *` : title;
}

/** A field: its label, its control, what it is about, what is wrong. Objects and lists bring labels of their own. */
function FieldTemplate(props: FieldTemplateProps) {
  const { id, label, children, errors, rawDescription, hidden, required, displayLabel, schema, fieldPathId } = props;
  if (hidden) return <div hidden>{children}</div>;
  const isLabeled = displayLabel && schema.type !== 'boolean';
  return (
    <WrapIfAdditional {...props}>
      {isLabeled ? (
        <label htmlFor={id} className="font-medium">
          {titleOf(label, fieldPathId, required)}
        </label>
      ) : null}
      {children}
      {displayLabel && rawDescription ? (
        <div id={descriptionId(id)} className="text-xs text-muted">
          {rawDescription}
        </div>
      ) : null}
      {errors}
    </WrapIfAdditional>
  );
}

/** A property that the schema does not name: its name can be changed, and it can be taken out. */
function WrapIfAdditional(props: WrapIfAdditionalTemplateProps) {
  const { id, label, schema, children, onKeyRenameBlur, onRemoveProperty } = props;
  if (!(ADDITIONAL_PROPERTY_FLAG in schema)) return <div className="grid gap-1">{children}</div>;
  return (
    <div className="grid grid-cols-[1fr_2fr_auto] items-start gap-2">
      <div className="grid gap-1">
        <label htmlFor={`${id}-key`} className="font-medium">
          Name
        </label>
        <TextInput id={`${id}-key`} defaultValue={label} onBlur={onKeyRenameBlur} />
      </div>
      <div className="grid gap-1">{children}</div>
      <IconButton label={`Take out ${label}`} icon={Trash2} className="mt-6" onClick={onRemoveProperty} />
    </div>
  );
}

function FieldErrorTemplate({ errors = [], fieldPathId }: FieldErrorProps) {
  return errors.length === 0 ? null : (
    <div id={errorId(fieldPathId)} role="alert" className="text-xs text-bad">
      {errors.map((error, index) => (
        <span key={String(error)}>
          {index > 0 ? '; ' : ''}
          {error}
        </span>
      ))}
    </div>
  );
}

/** An object: the outermost is the form itself, those within it are set off. */
function ObjectFieldTemplate(props: ObjectFieldTemplateProps) {
  const { title, description, properties, fieldPathId, required, schema, uiSchema, formData, onAddProperty } = props;
  const isPureChoice = (schema.oneOf || schema.anyOf) && !schema.properties && properties.length === 0;
  if (isPureChoice) return null;
  const content = (
    <>
      {description ? <p className="text-xs text-muted">{description}</p> : null}
      {properties.map((property) => property.content)}
      {canExpand(schema, uiSchema, formData) ? (
        <Button icon={Plus} className="justify-self-start" onClick={onAddProperty}>
          Add a property
        </Button>
      ) : null}
    </>
  );
  if (fieldPathId.path.length === 0) {
    return (
      <div className="grid gap-4" id={fieldPathId.$id}>
        {content}
      </div>
    );
  }
  return (
    <fieldset className="grid min-w-0 gap-3 rounded-lg border px-3 pt-1 pb-3" id={fieldPathId.$id}>
      <legend className="px-1 font-medium">{titleOf(title, fieldPathId, required)}</legend>
      {content}
    </fieldset>
  );
}

function ArrayFieldTemplate({ title, schema, items, canAdd, fieldPathId, required, onAddClick }: ArrayFieldTemplateProps) {
  return (
    <fieldset className="grid min-w-0 gap-3 rounded-lg border px-3 pt-1 pb-3" id={fieldPathId.$id}>
      <legend className="px-1 font-medium">{titleOf(title, fieldPathId, required)}</legend>
      {schema.description ? <p className="text-xs text-muted">{schema.description}</p> : null}
      {items.length === 0 ? <p className="text-muted">Empty.</p> : items}
      {canAdd ? (
        <Button icon={Plus} className="justify-self-start" onClick={onAddClick}>
          Add to {title || 'the list'}
        </Button>
      ) : null}
    </fieldset>
  );
}

function ArrayFieldItemTemplate({ children, index, hasToolbar, buttonsProps }: ArrayFieldItemTemplateProps) {
  const { hasMoveUp, hasMoveDown, hasRemove, onMoveUpItem, onMoveDownItem, onRemoveItem } = buttonsProps;
  const name = `item ${index + 1}`;
  return (
    <div className="flex items-start gap-1">
      <div className="min-w-0 flex-1">{children}</div>
      {hasToolbar ? (
        <div className="flex pt-2">
          {hasMoveUp || hasMoveDown ? (
            <>
              <IconButton label={`Move ${name} up`} icon={ArrowUp} disabled={!hasMoveUp} onClick={onMoveUpItem} />
              <IconButton label={`Move ${name} down`} icon={ArrowDown} disabled={!hasMoveDown} onClick={onMoveDownItem} />
            </>
          ) : null}
          {hasRemove ? <IconButton label={`Take out ${name}`} icon={Trash2} onClick={onRemoveItem} /> : null}
        </div>
      ) : null}
    </div>
  );
}

/** A choice between alternatives of a schema, and the fields of the chosen one. */
function MultiSchemaFieldTemplate({ selector, optionSchemaField }: MultiSchemaFieldTemplateProps) {
  return (
    <div className="grid gap-3">
      {selector}
      {optionSchemaField}
    </div>
  );
}

function UnsupportedFieldTemplate({ fieldPathId }: UnsupportedFieldProps) {
  return (
    <p className="rounded-md bg-warn-soft p-2 text-warn">
      {fieldPathId.path.join('.') || 'The payload'} cannot be edited as a form: its schema does not say what it is. Edit it as
      JSON.
    </p>
  );
}

/** How each part of a form is drawn. */
export const templates: NonNullable<FormProps['templates']> = {
  FieldTemplate,
  WrapIfAdditionalTemplate: WrapIfAdditional,
  FieldErrorTemplate,
  ObjectFieldTemplate,
  ArrayFieldTemplate,
  ArrayFieldItemTemplate,
  MultiSchemaFieldTemplate,
  UnsupportedFieldTemplate,
  BaseInputTemplate: BaseInput,
};
