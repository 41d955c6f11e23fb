import { type ChildProcess, spawn } from 'node:child_process';

/** Seconds from the polite signal to the one that cannot be refused. */
const GRACE_SECS = 3;

/**
 * Keeps the list of what runs, and ends all of it when its input ends, which is when the server is gone. Only numbers of ours are read.
 */
const SCRIPT = `
pids=
while read -r op pid; do
  case "$op" in
    +) pids="$pids $pid" ;;
    -) kept=; for p in $pids; do [ "$p" = "$pid" ] || kept="$kept $p"; done; pids=$kept ;;
  esac
done
[ -n "$pids" ] || exit 0
for p in $pids; do kill -s TERM -- "-$p"; done
sleep ${GRACE_SECS}
for p in $pids; do kill -s KILL -- "-$p"; done`;

/**
 * Sees to it that process groups do not outlive this server, even one that is killed and cannot clean up. Node has no way to ask the
 * kernel for that (`PR_SET_PDEATHSIG`), so one small shell per server waits for the end of the pipe between them. Where there is no
 * `/bin/sh`, or somebody kills that as well, what is left runs until its work is done: its token has no power any more.
 */
export interface OrphanGuard {
  /** From now on the group is ended with the server. */
  add(group: number): void;
  /** The group has ended. */
  remove(group: number): void;
  /** Ends the guard, and with it every group still on its list. */
  close(): void;
}

/** Makes an {@link OrphanGuard}; its shell is started with the first group. */
export function makeOrphanGuard(): OrphanGuard {
  const groups = new Set<number>();
  let shell: ChildProcess | null = null;

  function start(): ChildProcess {
    const started = spawn('/bin/sh', ['-c', SCRIPT], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env: {} });
    const forget = (): void => {
      if (shell === started) shell = null;
    };
    started.on('error', forget).on('exit', forget);
    // Writing to one that is gone fails; the next group starts another.
    started.stdin?.on('error', forget);
    started.unref();
    return started;
  }

  return {
    add(group) {
      groups.add(group);
      if (shell) {
        shell.stdin?.write(`+ ${group}\n`);
        return;
      }
      shell = start();
      for (const one of groups) shell.stdin?.write(`+ ${one}\n`);
    },
    remove(group) {
      groups.delete(group);
      shell?.stdin?.write(`- ${group}\n`);
    },
    close() {
      shell?.stdin?.end();
    },
  };
}
