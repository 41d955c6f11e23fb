/** Where one waits for a hint. */
export interface Gate {
  /** Lets the next, or present, `pass` through. */
  readonly open: () => void;
  /** Waits until opened, or `ms` at most. */
  pass(ms: number): Promise<void>;
}

/** Makes a {@link Gate}, closed. */
export function makeGate(): Gate {
  let isOpen = false;
  let release: (() => void) | null = null;
  return {
    open() {
      isOpen = true;
      release?.();
    },
    async pass(ms) {
      if (!isOpen) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          release = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        release = null;
      }
      isOpen = false;
    },
  };
}
