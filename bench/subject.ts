import type { Receipt } from './executor.ts';

/** The two designs that are measured side by side. */
export const SUBJECT_NAMES = ['baton', 'floor'] as const;
export type SubjectName = (typeof SUBJECT_NAMES)[number];

/** `accepting` takes triggers and executes nothing; `working` does both. */
export type Mode = 'accepting' | 'working';

/** A run whose trigger has been answered, and the number that was in its payload. */
export interface Acknowledged {
  runId: string;
  n: number;
}

/** What the database says about one run at the end. */
export interface StoredRun {
  id: string;
  status: string;
  /** The number in the stored result; null when there is none. */
  n: number | null;
  /** How often the run ended; null where the design keeps no history. */
  endings: number | null;
}

/** A design under test: how to run it, how to trigger runs, and how to see that they have been completed. */
export interface Subject {
  name: SubjectName;
  /** Starts the server process in a mode, ending the one before; resolves with its process id, if the mode needs a process. */
  start(mode: Mode): Promise<number | undefined>;
  /** Ends the server process. */
  stop(): Promise<void>;
  /** Triggers a run with the payload of number `n`; resolves when it is durable. */
  trigger(n: number): Promise<Acknowledged>;
  /** The same for many in one request. */
  triggerBulk(numbers: number[]): Promise<Acknowledged[]>;
  /** Puts so many completed runs into the database, beside those that were triggered. */
  addHistory(count: number): Promise<void>;
  /** Those of the given runs that are not completed. */
  unfinished(runIds: string[]): Promise<string[]>;
  /** Every run in the database but the history. */
  storedRuns(): Promise<StoredRun[]>;
}

/** A subject's runs seen from all three sides; see conservation.ts. */
export interface Evidence {
  acknowledged: Acknowledged[];
  receipts: Receipt[];
  stored: StoredRun[];
}
