import { CircleCheck, TriangleAlert } from 'lucide-react';
import type { Ailment } from './ailments.ts';

/** Says what is wrong and what to do, or that nothing is. */
export function HealthNotice({ ailments }: { readonly ailments: readonly Ailment[] }) {
  const isWell = ailments.length === 0;
  const Icon = isWell ? CircleCheck : TriangleAlert;
  return (
    <div
      role="status"
      className={`flex gap-2 rounded-xl border px-4 py-3 ${isWell ? 'bg-ok-soft text-ok' : 'border-warn bg-warn-soft text-warn'}`}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      {isWell ? (
        <p className="font-medium">Everything runs as it should.</p>
      ) : (
        <ul className="grid min-w-0 gap-2">
          {ailments.map(({ what, remedy }) => (
            <li key={what} className="min-w-0 break-words">
              <span className="font-medium">{what}</span> {remedy}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
