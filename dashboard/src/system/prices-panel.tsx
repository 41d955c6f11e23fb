import { formatCost } from '../ui/format.ts';
import { Panel } from '../ui/screen.tsx';
import { Time } from '../ui/time.tsx';
import type { Price } from './documents.ts';
import { PlainTable } from './plain-table.tsx';

/** What calls of models cost when their reports do not say it. */
export function PricesPanel({ prices }: { readonly prices: readonly Price[] }) {
  return (
    <Panel title="Model prices">
      {prices.length === 0 ? (
        <p className="text-muted">
          None is set. A call of a model whose report names no cost counts as free until the mutation setModelPrice has given it
          one.
        </p>
      ) : (
        <PlainTable
          label="Model prices"
          columns={['Provider', 'Model', 'In, per million#', 'Out, per million#', 'Set']}
          rows={prices.map(({ id, provider, model, promptMicrousd, completionMicrousd, updatedAt }) => ({
            id,
            cells: [
              provider,
              model,
              formatCost(promptMicrousd),
              formatCost(completionMicrousd),
              <Time key="at" at={updatedAt} />,
            ],
          }))}
        />
      )}
    </Panel>
  );
}
