import { Check, Copy, TextSelect } from 'lucide-react';
import { useState } from 'react';
import { IconButton } from './button.tsx';

const SHOWN_MS = 1_500;
const ICONS = { ready: Copy, copied: Check, refused: TextSelect };

/** Puts `text` on the clipboard; browsers allow it to pages that came by https or from this machine, and others are told to mark the text. */
export function CopyButton({ text, label = 'Copy' }: { readonly text: string; readonly label?: string }) {
  const [state, setState] = useState<keyof typeof ICONS>('ready');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setState('copied');
      setTimeout(() => setState('ready'), SHOWN_MS);
    } catch {
      setState('refused');
    }
  };
  const labels = { ready: label, copied: 'Copied', refused: 'The browser does not allow it: mark the text and copy it' };
  return <IconButton label={labels[state]} icon={ICONS[state]} onClick={() => void copy()} />;
}
