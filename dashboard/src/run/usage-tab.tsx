import { type ReactNode, useEffect } from 'react';
import { useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { formatCost, formatDuration, formatNumber } from '../ui/format.ts';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { Time } from '../ui/time.tsx';
import { RunCostQuery, RunUsageQuery } from './report-documents.ts';
import { RunListView } from './run-list.tsx';
import type { LiveRun } from './use-run.ts';
import { useRunList } from './use-run-list.ts';

type Cost = ResultOf<typeof RunCostQuery>['run']['cost'];

/** What the run has used of language models and machines, and what that costs. */
export function UsageTab({ live }: { readonly live: LiveRun }) {
  const [{ data }, load] = useQuery({ query: RunCostQuery, variables: { id: live.run.id }, pause: true });
  const list = useRunList(live, {
    document: RunUsageQuery,
    pick: ({ run }) => run.usage,
    types: ['USAGE'],
    isGrowing: true,
  });
  const calls = list.rows?.length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each call and each end of an attempt costs something.
  useEffect(() => load({ requestPolicy: 'network-only' }), [load, calls, live.run.status]);
  return (
    <div className="grid grid-cols-1 gap-5">
      {data ? <CostTables cost={data.run.cost} /> : null}
      <RunListView
        list={list}
        label="model calls"
        empty={
          <p>An executor that reports the calls of its language models has their tokens and costs counted here, by model.</p>
        }
      >
        {(rows) => (
          <Figures
            label="Each call"
            columns={['Model', 'In', 'Out', 'Tokens', 'Cost', 'When']}
            rows={rows.map((call) => [
              call.id,
              <ModelName key="model" provider={call.provider} model={call.model} />,
              formatNumber(call.promptTokens),
              formatNumber(call.completionTokens),
              formatNumber(call.totalTokens),
              formatCost(call.costMicrousd),
              <Time key="at" at={call.createdAt} />,
            ])}
          />
        )}
      </RunListView>
    </div>
  );
}

function CostTables({ cost }: { readonly cost: Cost }) {
  return (
    <>
      <p>
        {formatCost(cost.microusd)} and {formatNumber(cost.tokens)} tokens
        {cost.runs > 1 ? ` in ${formatNumber(cost.runs)} runs: this one, those it spawned and those that continue it` : ''}
        {cost.isPartial ? ', not counting what is beyond the limit of the count' : ''}.
      </p>
      {cost.byModel.length > 0 ? (
        <Figures
          label="By model"
          columns={['Model', 'Calls', 'In', 'Out', 'Tokens', 'Cost']}
          rows={cost.byModel.map((model) => [
            `${model.provider} ${model.model}`,
            <ModelName key="model" provider={model.provider} model={model.model} />,
            formatNumber(model.calls),
            formatNumber(model.promptTokens),
            formatNumber(model.completionTokens),
            formatNumber(model.tokens),
            formatCost(model.microusd),
          ])}
        />
      ) : null}
      {cost.compute.length > 0 ? (
        <Figures
          label="By machine"
          columns={['Machine', 'Attempts', 'Time', 'Cost']}
          rows={cost.compute.map(({ preset, attempts, seconds, microusd }) => [
            preset,
            preset.toLowerCase().replace('_', ' '),
            formatNumber(attempts),
            formatDuration(seconds * 1_000),
            formatCost(microusd),
          ])}
        />
      ) : null}
    </>
  );
}

function ModelName({ provider, model }: { readonly provider: string; readonly model: string }) {
  return (
    <>
      <span className="font-mono">{model}</span> <span className="text-muted">{provider}</span>
    </>
  );
}

interface FiguresProps {
  readonly label: string;
  readonly columns: readonly string[];
  /** Each row begins with its key; the first column is text, the others are figures. */
  readonly rows: readonly (readonly [string, ...ReactNode[]])[];
}

function Figures({ label, columns, rows }: FiguresProps) {
  return (
    <section className="grid min-w-0 grid-cols-1 gap-1">
      <h3 className="font-semibold">{label}</h3>
      <ScrollRegion label={label} className="max-h-[60vh] rounded-lg border bg-surface">
        <table className="w-full text-right tabular-nums">
          <thead className="sticky top-0 bg-surface text-xs text-muted">
            <tr>
              {columns.map((column, index) => (
                <th key={column} scope="col" className={`px-3 py-1.5 font-medium ${index === 0 ? 'text-left' : ''}`}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([key, ...cells]) => (
              <tr key={key} className="border-t hover:bg-hover">
                {cells.map((cell, index) => (
                  <td key={columns[index]} className={`px-3 py-1.5 whitespace-nowrap ${index === 0 ? 'text-left' : ''}`}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    </section>
  );
}
