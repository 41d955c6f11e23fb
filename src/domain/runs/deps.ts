import type { Pool } from 'pg';
import type { RunTokens } from '../../auth/run-token.ts';
import type { StreamTokens } from '../../auth/stream-token.ts';
import type { ByteBudget } from '../../core/byte-budget.ts';
import type { EndpointPolicy } from '../../core/endpoint-guard.ts';
import type { WakeHub } from '../../db/wake-hub.ts';
import type { Admissions } from '../admission/admissions.ts';
import type { ChangeFeed } from '../changes/change-feed.ts';
import type { QueueStatsBoard } from '../changes/queue-stats.ts';
import type { Circuits } from '../circuits/circuits.ts';
import type { DependencyWaits } from '../dependencies/dependency-waits.ts';
import type { JobCache } from '../jobs/job-cache.ts';
import type { JobHealths } from '../jobs/job-health.ts';
import type { JobSparklines } from '../jobs/job-sparkline.ts';
import type { JobUsages } from '../jobs/job-usage.ts';
import type { ModelPrices } from '../pricing/model-prices.ts';
import type { Chunks } from './chunks.ts';
import type { Heartbeats } from './heartbeat.ts';
import type { Inserts } from './insert.ts';
import type { Records } from './records.ts';
import type { Reports } from './report.ts';
import type { Tails } from './tails.ts';
import type { Transitions } from './transition.ts';

/** What the functions of this folder work with; made once per process by the composition root. */
export interface RunDeps {
  /** For pinned, set-based statements. */
  readonly engine: Pool;
  /** For everything else. */
  readonly reads: Pool;
  readonly jobs: JobCache;
  readonly transitions: Transitions;
  readonly inserts: Inserts;
  readonly admissions: Admissions;
  readonly dependencies: DependencyWaits;
  readonly reports: Reports;
  readonly records: Records;
  readonly chunks: Chunks;
  readonly heartbeats: Heartbeats;
  readonly circuits: Circuits;
  readonly jobHealths: JobHealths;
  readonly jobSparklines: JobSparklines;
  readonly jobUsages: JobUsages;
  readonly prices: ModelPrices;
  readonly tails: Tails;
  readonly hub: WakeHub;
  readonly changes: ChangeFeed;
  readonly queueStats: QueueStatsBoard;
  readonly tokens: RunTokens;
  readonly streamTokens: StreamTokens;
  /** Whether servers start processes of jobs. */
  readonly managedExec: boolean;
  /** What the lists of all bulk triggers under way may take. */
  readonly batchMemory: ByteBudget;
  /** What URLs of users may point at. */
  readonly endpointPolicy: EndpointPolicy;
  /** Something about these batches has changed, and may have been the last of it. */
  readonly batchChanged: (batchIds: readonly string[]) => void;
  /** Something that steps of these workflow runs wait for has changed. */
  readonly stepsChanged: (workflowRunIds: readonly string[]) => void;
}
