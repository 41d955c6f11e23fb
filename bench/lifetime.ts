const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Runs `work` with a stack for what must end with it, and ends that in reverse order when the work returns or throws, when the
 * process is told to stop (it then exits with 130 once everything has ended), or when an error was caught by nobody (1).
 */
export async function withCleanup<T>(work: (cleanup: AsyncDisposableStack) => Promise<T>): Promise<T> {
  const cleanup = new AsyncDisposableStack();
  let ending: Promise<void> | undefined;
  const end = () => (ending ??= cleanup.disposeAsync());
  const interrupt = (signal: NodeJS.Signals) => {
    process.stderr.write(`${signal}: stopping everything that was started\n`);
    // Registered before the failing work gets to await the same promise, so the exit comes before its error is printed.
    end().finally(() => process.exit(130));
  };
  const crash = (error: unknown) => {
    // What fails while everything is being ended fails because of that.
    if (ending === undefined) console.error(error);
    end().finally(() => process.exit(1));
  };
  for (const signal of SIGNALS) process.on(signal, interrupt);
  process.on('uncaughtException', crash);
  try {
    return await work(cleanup);
  } finally {
    await end();
    for (const signal of SIGNALS) process.off(signal, interrupt);
    process.off('uncaughtException', crash);
  }
}
