import type { WriteStream } from 'node:tty';

const BAR_WIDTH = 30;
const CLEAR_LINE = '\r\u001b[2K';
/** Percent between the progress lines where no bar can be drawn. */
const PLAIN_STEP = 10;

/** Where the demo shows what happens: lines that stay, and below them a progress bar if the output is a terminal. */
export interface Screen {
  line(text: string): void;
  /** `fraction` is between 0 and 1. */
  progress(fraction: number, label: string): void;
  /** Takes the bar away. */
  end(): void;
}

/** As much of a stream as a screen needs. */
export type ScreenOutput = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns'>>;

/** Makes the screen for an output: a live bar on a terminal, plain lines on anything else. */
export function makeScreen(output: ScreenOutput): Screen {
  return output.isTTY ? liveScreen(output) : plainScreen(output);
}

function liveScreen(output: ScreenOutput): Screen {
  let bar = '';
  return {
    line(text) {
      output.write(`${CLEAR_LINE}${printable(text)}\n${bar}`);
    },
    progress(fraction, label) {
      const filled = Math.round(fraction * BAR_WIDTH);
      const text = `${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)} ${percent(fraction)} ${printable(label)}`;
      // A bar that wraps could not be cleared again.
      bar = text.slice(0, (output.columns ?? 80) - 1);
      output.write(CLEAR_LINE + bar);
    },
    end() {
      bar = '';
      output.write(CLEAR_LINE);
    },
  };
}

function plainScreen(output: ScreenOutput): Screen {
  let next = 0;
  return {
    line: (text) => void output.write(`${printable(text)}\n`),
    progress(fraction, label) {
      if (fraction * 100 < next) return;
      next = (Math.floor((fraction * 100) / PLAIN_STEP) + 1) * PLAIN_STEP;
      output.write(`${percent(fraction)} ${printable(label)}\n`);
    },
    end: () => {},
  };
}

function percent(fraction: number): string {
  return `${String(Math.floor(fraction * 100)).padStart(3)} %`;
}

/** Log lines quote file names, and a file name may hold what a terminal takes for a command. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, '?');
}
