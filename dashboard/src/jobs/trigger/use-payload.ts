import { useCallback, useState } from 'react';

/** A payload under edit: as a value, and as the text that means it. */
export interface Payload {
  readonly value: unknown;
  readonly text: string;
  /** Why the text is no JSON; the value is that of the last text that was. */
  readonly fault: string | null;
  readonly setValue: (value: unknown) => void;
  readonly setText: (text: string) => void;
}

/** Keeps value and text of a payload in step: whichever is edited, the other follows. Empty text is no payload. */
export function usePayload(initial: unknown): Payload {
  const [state, setState] = useState(() => ({ value: initial, text: print(initial), fault: null as string | null }));
  const setValue = useCallback((value: unknown) => setState({ value, text: print(value), fault: null }), []);
  const setText = useCallback(
    (text: string) =>
      setState((before) => {
        try {
          return { value: text.trim() === '' ? undefined : JSON.parse(text), text, fault: null };
        } catch (error) {
          return { value: before.value, text, fault: error instanceof Error ? error.message : String(error) };
        }
      }),
    [],
  );
  return { ...state, setValue, setText };
}

function print(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? '';
}
