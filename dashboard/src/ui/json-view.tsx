import { CopyButton } from './copy-button.tsx';
import { ScrollRegion } from './scroll-region.tsx';

/** Longer ones are shown in part: a browser takes seconds to lay out megabytes of text; copying gives all of it. */
const SHOWN_CHARACTERS = 100_000;

/** A JSON value, indented, with a way to copy it. */
export function JsonView({ value, label }: { readonly value: unknown; readonly label: string }) {
  const text = JSON.stringify(value, null, 2) ?? 'null';
  const cut = text.length > SHOWN_CHARACTERS;
  return (
    <div className="relative rounded-lg border bg-surface">
      <div className="absolute top-1 right-1">
        <CopyButton text={text} label={`Copy ${label}`} />
      </div>
      <ScrollRegion label={label} className="max-h-[60vh] p-3 pr-10">
        <pre className="font-mono text-xs">
          {cut
            ? `${text.slice(0, SHOWN_CHARACTERS)}\n… ${text.length - SHOWN_CHARACTERS} more characters: copy to see all`
            : text}
        </pre>
      </ScrollRegion>
    </div>
  );
}
