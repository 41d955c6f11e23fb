import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  GraphQLObjectType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';
import { schema } from '../../graphql/schema.ts';
import type { Scope } from '../../src/auth/scopes.ts';

/** What a root field of the schema asks of its caller, read from the field itself. */
export interface RootField {
  readonly coordinate: string;
  readonly needs: Scope | 'any key' | 'run token';
  /** Calls the field with the least it takes; whatever that names is not there. */
  readonly document: string;
}

/** Every query and mutation of the schema. */
export function rootFields(): RootField[] {
  return [schema.getQueryType(), schema.getMutationType()]
    .filter((type) => type instanceof GraphQLObjectType)
    .flatMap((type) =>
      Object.values(type.getFields()).map((field) => ({
        coordinate: `${type.name}.${field.name}`,
        needs: needsOf(field),
        document: `${type.name.toLowerCase()} { ${callOf(field)} }`,
      })),
    );
}

interface AuthScopes {
  readonly scope?: Scope;
  readonly apiKey?: boolean;
  readonly runToken?: boolean;
}

function needsOf(field: GraphQLField<unknown, unknown>): RootField['needs'] {
  const { authScopes } = Object(field.extensions['pothosOptions']) as { readonly authScopes?: AuthScopes };
  if (authScopes?.scope) return authScopes.scope;
  if (authScopes?.apiKey) return 'any key';
  if (authScopes?.runToken) return 'run token';
  throw new Error(`${field.name} asks for nothing`);
}

function callOf(field: GraphQLField<unknown, unknown>): string {
  const args = field.args
    .filter((arg: GraphQLArgument) => isRequiredArgument(arg))
    .map((arg) => `${arg.name}: ${literalOf(arg.type)}`);
  const selection = isLeafType(getNamedType(field.type)) ? '' : ' { __typename }';
  return `${field.name}${args.length > 0 ? `(${args.join(', ')})` : ''}${selection}`;
}

function literalOf(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literalOf(type.ofType);
  if (isListType(type)) return `[${literalOf(type.ofType)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (isInputObjectType(type)) {
    const all = Object.values(type.getFields());
    const required = all.filter((field) => isRequiredInputField(field) || ALSO_REQUIRED[type.name]?.includes(field.name));
    // One that has to say something, whatever it is: a change, for instance.
    const fields = required.length > 0 ? required : all.slice(0, 1);
    return `{ ${fields.map((field) => `${field.name}: ${PECULIAR[`${type.name}.${field.name}`] ?? literalOf(field.type)}`).join(', ')} }`;
  }
  return LITERALS[type.name] ?? '{}';
}

/** What the schema lets out and the validation asks for: input that is refused says nothing about who may send it. */
const ALSO_REQUIRED: Readonly<Record<string, readonly string[]>> = {
  CreateJobInput: ['endpointUrl'],
  UpdateJobInput: ['name'],
};

/** Fields that take less than their type says. */
const PECULIAR: Readonly<Record<string, string>> = { 'CreateSecretInput.key': '"NONE"' };

const LITERALS: Readonly<Record<string, string>> = {
  ID: '"00000000-0000-7000-8000-000000000000"',
  String: '"none"',
  Int: '1',
  Float: '1',
  Boolean: 'true',
  DateTime: '"2020-01-01T00:00:00Z"',
  JSON: '1',
  StringMap: '{ a: "b" }',
  TriggerItemStream: '[{}]',
};
