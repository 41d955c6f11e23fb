import {
  type BaseInputTemplateProps,
  descriptionId,
  enumOptionsIndexForValue,
  enumOptionsValueForIndex,
  errorId,
  getInputProps,
  type RegistryWidgetsType,
  type WidgetProps,
} from '@rjsf/utils';
import { Checkbox, Select, TextArea, TextInput } from '../../ui/field.tsx';

/** What ties a control to the words about it, those that are there. */
function aria({ id, schema, rawErrors = [], required }: WidgetProps) {
  const words = [schema.description ? descriptionId(id) : '', rawErrors.length > 0 ? errorId(id) : ''].filter(
    (word) => word !== '',
  );
  return {
    id,
    'aria-required': required,
    ...(words.length > 0 && { 'aria-describedby': words.join(' ') }),
    ...(rawErrors.length > 0 && { 'aria-invalid': true as const }),
  };
}

/** One line: text, numbers, dates. A number is kept as typed until it is one. */
export function BaseInput(props: BaseInputTemplateProps) {
  const { value, type, schema, options, readonly, disabled, placeholder, onChange, onChangeOverride } = props;
  const { type: inputType, step, min, max } = getInputProps(schema, type, options);
  return (
    <TextInput
      {...aria(props)}
      type={inputType}
      step={step}
      min={min}
      max={max}
      readOnly={readonly}
      disabled={disabled}
      placeholder={placeholder ?? example(schema.examples)}
      value={value ?? ''}
      autoComplete="off"
      onChange={onChangeOverride ?? ((event) => onChange(event.target.value === '' ? options.emptyValue : event.target.value))}
    />
  );
}

function example(examples: unknown): string | undefined {
  const first = Array.isArray(examples) ? examples[0] : undefined;
  return typeof first === 'string' || typeof first === 'number' ? String(first) : undefined;
}

function CheckboxWidget(props: WidgetProps) {
  const { label, value, disabled, onChange } = props;
  const { 'aria-required': _, ...described } = aria(props);
  return (
    <Checkbox
      {...described}
      label={label}
      checked={value === true}
      disabled={disabled}
      onChange={(event) => onChange(event.target.checked)}
    />
  );
}

/** One or more of a list; an empty entry says nothing. */
function SelectWidget(props: WidgetProps) {
  const { options, value, multiple = false, disabled, label, hideLabel, onChange, schema } = props;
  const { enumOptions = [], emptyValue } = options;
  const chosen = enumOptionsIndexForValue(value, enumOptions, multiple);
  return (
    <Select
      {...aria(props)}
      {...(hideLabel && { 'aria-label': label || 'Kind' })}
      multiple={multiple}
      disabled={disabled}
      className={multiple ? 'h-auto py-1' : ''}
      value={chosen ?? (multiple ? [] : '')}
      onChange={({ target }) => {
        const picked = multiple ? Array.from(target.selectedOptions, (option) => option.value) : target.value;
        onChange(enumOptionsValueForIndex(picked, enumOptions, emptyValue));
      }}
    >
      {!multiple && schema.default === undefined ? <option value="" /> : null}
      {enumOptions.map((option, index) => (
        <option key={option.label} value={String(index)}>
          {option.label}
        </option>
      ))}
    </Select>
  );
}

function TextareaWidget(props: WidgetProps) {
  const { value, readonly, disabled, options, onChange } = props;
  return (
    <TextArea
      {...aria(props)}
      readOnly={readonly}
      disabled={disabled}
      value={value ?? ''}
      onChange={(event) => onChange(event.target.value === '' ? options.emptyValue : event.target.value)}
    />
  );
}

/** The controls; those that are not here are lines of text of a type. */
export const widgets: RegistryWidgetsType = {
  CheckboxWidget,
  SelectWidget,
  RadioWidget: SelectWidget,
  CheckboxesWidget: SelectWidget,
  TextareaWidget,
  // Data URLs and colours are text like any other: nobody uploads a file into a payload.
  FileWidget: BaseInput,
  ColorWidget: BaseInput,
};
