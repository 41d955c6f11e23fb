import type { ErrorClass } from '../core/outcome.ts';

/** How a process ended by itself. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to standard error. */
  readonly tail: string;
}

/** Why an attempt failed. */
export interface Fault {
  readonly errorClass: ErrorClass;
  readonly message: string;
}

/** What a shell answers for a child that was killed, which is what the kernel does to processes when memory is short. */
const KILLED_CODE = 128 + 9;

/**
 * What is wrong with an exit; null for code 0. A process that was killed, and not by us, counts as out of memory, as documented
 * (reference semantics §2.7): that is how the kernel ends one. Any other exit is an error of the program's own.
 */
export function faultOfExit({ code, signal, tail }: Exit): Fault | null {
  if (code === 0) return null;
  const said = tail === '' ? '' : `: ${tail}`;
  if (signal === 'SIGKILL' || code === KILLED_CODE) {
    return { errorClass: 'out_of_memory', message: `the process was killed, as it is when memory is short${said}` };
  }
  const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  return { errorClass: 'unknown', message: `the process ${how}${said}` };
}

/** Why a program could not be started at all. */
export function faultOfStart(program: string, error: unknown): Fault {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  const problem = START_PROBLEMS[code];
  if (problem) return { errorClass: 'client', message: `"${program}" cannot be started: ${problem}` };
  // Too many processes or open files, no memory: another moment or another server may do.
  return { errorClass: 'transient', message: `"${program}" could not be started for the moment (${code})` };
}

/** What another try cannot mend. */
const START_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program here',
  EACCES: 'it is no program, or must not be executed',
  ENOEXEC: 'it is no program',
  ENOTDIR: 'its path leads through a file',
  ELOOP: 'its path leads in a circle',
  ENAMETOOLONG: 'its path is too long',
  E2BIG: 'its arguments and environment are too long',
};
