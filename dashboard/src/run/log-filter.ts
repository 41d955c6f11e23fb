import type { VariablesOf } from '../api/graphql.ts';
import type { RunEvent, RunEventsQuery } from './run-documents.ts';

type Asked = VariablesOf<typeof RunEventsQuery>;
type Level = NonNullable<NonNullable<Asked['level']>[number]>;
type Type = NonNullable<NonNullable<Asked['type']>[number]>;

/** The levels, the least important first. */
export const LOG_LEVELS: readonly Level[] = ['DEBUG', 'INFO', 'WARN', 'ERROR'];

/** What kinds of events the log shows, each with the words for it. Pieces of streamed text are none of them: they have their own tab. */
export const EVENT_TYPES: Readonly<Record<Exclude<Type, 'OTHER' | 'CHUNK'>, string>> = {
  LOG: 'Log lines',
  STATE_CHANGE: 'Changes of status',
  PROGRESS: 'Progress',
  ERROR: 'Errors',
  CHECKPOINT: 'Checkpoints',
  OUTPUT: 'Outputs',
  STATE: 'State',
  TOOL_CALL: 'Tool calls',
  USAGE: 'Model usage',
  ANNOTATION: 'Annotations',
  CONTINUATION: 'Continuations',
  RESOURCE_SAMPLE: 'Resources',
  DEBUG: 'Exchanges in debug mode',
};

/** All of them, for questions that name none. */
export const SHOWN_TYPES = Object.keys(EVENT_TYPES) as Type[];

/** Which events of a run to show; empty lists and an empty search let everything through. */
export interface LogFilter {
  readonly levels: readonly Level[];
  readonly types: readonly Type[];
  readonly search: string;
}

/** Reads the part of an address that filters; what it does not know it leaves out. */
export function readLogFilter(search: Readonly<Record<string, string>>): LogFilter {
  const known = <Name extends string>(names: readonly Name[], text: string | undefined): readonly Name[] => {
    const asked = (text ?? '').split(',');
    return names.filter((name) => asked.includes(name));
  };
  return {
    levels: known(LOG_LEVELS, search['level']),
    types: known(SHOWN_TYPES, search['type']),
    search: (search['q'] ?? '').trim(),
  };
}

/** Whether a live event is one of those that the server would answer for the filter. */
export function matches({ level, type, message }: RunEvent, { levels, types, search }: LogFilter): boolean {
  if (levels.length > 0 && !levels.includes(level)) return false;
  if (types.length > 0 && !types.includes(type)) return false;
  return message.toLowerCase().includes(search.toLowerCase());
}

/** Whether everything is let through. */
export function isOpen({ levels, types, search }: LogFilter): boolean {
  return levels.length === 0 && types.length === 0 && search === '';
}
