import type { Pool } from 'pg';
import { type MicroBatcher, makeMicroBatcher } from '../../core/micro-batcher.ts';
import type { JobCache } from '../jobs/job-cache.ts';
import type { Transitions } from '../runs/transition.ts';
import { wakeRuns } from '../runs/waits.ts';
import { distinctMatches, type RunMatch } from './match.ts';
import { metSql } from './met-statement.ts';

/**
 * Letting go of runs that wait for what their job depends on, without a lost wake-up: both sides first commit, then look, in a new
 * statement, at what the other did. Who stores a run that waits looks afterwards whether it still has to; who ends a run looks
 * afterwards who waits for it. Whichever commits last sees the other, in any process. If one dies between the two, the sweep looks.
 *
 * Who ends a run asks the job cache whether anybody depends on its job, and the cache may be a second behind another process. So whoever
 * stores a run that waits for a dependency younger than that looks once more when no cache can be behind it any longer.
 */
export interface DependencyWaits {
  /** Whether a run with this match would have to wait for nothing. Many questions at once share a statement. */
  areMet(match: RunMatch): Promise<boolean>;
  /** To be called when runs that wait have been stored. */
  stored(matches: readonly RunMatch[]): Promise<void>;
  /** To be called when runs have ended; costs nothing but a look into the cache when nobody depends on their jobs. */
  ended(endings: readonly Ending[]): Promise<void>;
  /** To be called when a job depends on less than before. */
  changed(jobId: string): Promise<void>;
  /** Looks at the next some thousands of runs that wait, for what a crash has left between a commit and its look. */
  sweep(): Promise<void>;
  /** Looks no more by itself. */
  stop(): void;
}

/** A run that has ended. */
export interface Ending {
  readonly runId: string;
  readonly projectId: string;
  readonly jobId: string;
}

interface DependencyWaitsDeps {
  readonly engine: Pool;
  readonly jobs: Pick<JobCache, 'ofRun'>;
  readonly transitions: Transitions;
  /** Follows work that nobody waits for. */
  readonly background: (name: string, work: Promise<unknown>) => void;
}

/** Matches, or runs, that one statement handles. */
const PAGE = 500;
/** Pages that one sweep looks at; the next one goes on behind them. */
const PAGES_PER_SWEEP = 20;
/** The age of the job cache, with as much again for clocks and commits. */
const CACHES_AGREE_MS = 2_000;

/** Makes {@link DependencyWaits}. */
export function makeDependencyWaits(deps: DependencyWaitsDeps): DependencyWaits {
  const { engine } = deps;
  const questions: MicroBatcher<RunMatch, boolean> = makeMicroBatcher({
    flush: async (matches) => {
      const met = new Set((await look(engine, matches)).flatMap((row) => (row.met ? [keyOf(row)] : [])));
      return matches.map((match) => met.has(keyOf(match)));
    },
    keyOf: () => null,
    maxItems: PAGE,
    lanes: 2,
    isPoison: () => false,
  });
  const young = new Set<string>();
  let again: NodeJS.Timeout | null = null;
  let behind: RunMatch | null = null;

  async function lookAt(matches: readonly RunMatch[]): Promise<void> {
    const seen = await look(engine, distinctMatches(matches));
    await release(
      seen.filter((match) => match.met),
      deps,
    );
    for (const match of seen) if (!match.met && match.young) lookAgain(match.jobId);
  }

  function lookAgain(jobId: string): void {
    young.add(jobId);
    again ??= setTimeout(() => {
      const jobIds = [...young];
      again = null;
      young.clear();
      deps.background('look again at dependencies', Promise.all(jobIds.map(changed)));
    }, CACHES_AGREE_MS);
  }

  async function changed(jobId: string): Promise<void> {
    let after: RunMatch | null = null;
    do {
      after = await lookAtPage(after, jobId);
    } while (after);
  }

  /** Answers where to go on, null at the end. */
  async function lookAtPage(after: RunMatch | null, jobId: string | null): Promise<RunMatch | null> {
    const page = await waitingMatches(engine, after, jobId);
    await lookAt(page);
    return page.length < PAGE ? null : (page.at(-1) ?? null);
  }

  return {
    areMet: (match) => questions.add(match),
    stored: async (matches) => {
      const distinct = distinctMatches(matches);
      for (let start = 0; start < distinct.length; start += PAGE) await lookAt(distinct.slice(start, start + PAGE));
    },
    async ended(endings) {
      const runIds = await awaitedRuns(endings, deps.jobs);
      if (runIds.length > 0) await release(await wantedMatches(engine, runIds), deps);
    },
    changed,
    async sweep() {
      for (let page = 0; page < PAGES_PER_SWEEP; page++) {
        behind = await lookAtPage(behind, null);
        if (!behind) return;
      }
    },
    stop() {
      if (again) clearTimeout(again);
    },
  };
}

function keyOf({ jobId, matchBy, matchKey }: RunMatch): string {
  return `${jobId} ${matchBy} ${matchKey}`;
}

/** Those of the ended runs whose job others depend on. */
async function awaitedRuns(endings: readonly Ending[], jobs: Pick<JobCache, 'ofRun'>): Promise<string[]> {
  const byJob = new Map<string, Ending[]>();
  for (const ending of endings) byJob.set(ending.jobId, [...(byJob.get(ending.jobId) ?? []), ending]);
  const awaited = await Promise.all(
    [...byJob].map(async ([jobId, ended]) => {
      const [first] = ended;
      const job = first && (await jobs.ofRun(first.projectId, jobId));
      return job && job.dependentCount > 0 ? ended.map(({ runId }) => runId) : [];
    }),
  );
  return awaited.flat();
}

const INPUT_SQL = `json_to_recordset($1::json) as m ("jobId" uuid, "matchBy" text, "matchKey" text)`;
const MATCH_COLUMNS_SQL = `m.job_id as "jobId", m.match_by as "matchBy", m.match_key as "matchKey"`;

interface SeenMatch extends RunMatch {
  readonly met: boolean;
  /** One of the dependencies is so new that a process may not know of it yet. */
  readonly young: boolean;
}

async function look(engine: Pool, matches: readonly RunMatch[]): Promise<SeenMatch[]> {
  if (matches.length === 0) return [];
  const { rows } = await engine.query<SeenMatch>({
    name: 'met-dependencies',
    text: `select ${MATCH_COLUMNS_SQL}, ${metSql('m')} as met,
                  exists (select from job_dependencies d where d.job_id = m.job_id
                           and d.created_at > now() - interval '${CACHES_AGREE_MS} milliseconds') as young
             from (select "jobId" as job_id, "matchBy" as match_by, "matchKey" as match_key from ${INPUT_SQL}) m`,
    values: [JSON.stringify(matches)],
  });
  return rows;
}

/**
 * The matches of runs that wait for jobs of these ended ones, and have to no longer. The looks are lateral: planned while the tables were
 * empty, a plain `exists` became a product of both.
 */
async function wantedMatches(engine: Pool, runIds: readonly string[]): Promise<RunMatch[]> {
  const { rows } = await engine.query<RunMatch>({
    name: 'met-by-endings',
    text: `with wanted as materialized (
             select distinct d.job_id, k.match_by, k.match_key
               from unnest($1::uuid[]) as e (id)
              cross join lateral (select r.job_id, r.idempotency_key, r.dependency_key from runs r where r.id = e.id offset 0) r
              cross join lateral (select d.job_id from job_dependencies d where d.depends_on_job_id = r.job_id offset 0) d
              cross join lateral (values ('idempotency_key', r.idempotency_key), ('dependency_key', r.dependency_key), ('any', ''))
                as k (match_by, match_key)
              where k.match_key is not null
           ), awaited as materialized (
             select m.* from wanted m
              cross join lateral (
                select from waits w where w.kind = 'dependency' and w.status = 'waiting' and w.job_id = m.job_id
                   and w.match_by = m.match_by and w.match_key = m.match_key limit 1) w)
           select ${MATCH_COLUMNS_SQL} from awaited m where ${metSql('m')}`,
    values: [runIds],
  });
  return rows;
}

/** A page of the matches that runs wait with, in their order. */
async function waitingMatches(engine: Pool, after: RunMatch | null, jobId: string | null): Promise<RunMatch[]> {
  const { rows } = await engine.query<RunMatch>({
    name: `waiting-matches${jobId === null ? '' : '-of-job'}`,
    text: `select distinct ${MATCH_COLUMNS_SQL} from waits m
            where m.kind = 'dependency' and m.status = 'waiting' ${jobId === null ? '' : 'and m.job_id = $5::uuid'}
              and (m.job_id, m.match_by, m.match_key) > ($1::uuid, $2::text, $3::text)
            order by 1, 2, 3 limit $4`,
    values: [
      after?.jobId ?? '00000000-0000-0000-0000-000000000000',
      after?.matchBy ?? '',
      after?.matchKey ?? '',
      PAGE,
      ...(jobId === null ? [] : [jobId]),
    ],
  });
  return rows;
}

/** Ends the waits with these matches, and wakes their runs. They are found as an array of ids: a join was planned as a product. */
async function release(matches: readonly RunMatch[], deps: Pick<DependencyWaitsDeps, 'engine' | 'transitions'>): Promise<void> {
  if (matches.length === 0) return;
  const input = JSON.stringify(matches);
  for (let found = PAGE; found === PAGE; ) {
    const { rows } = await deps.engine.query<{ run_id: string }>({
      name: 'release-dependents',
      text: `with met as materialized (
               select w.id from ${INPUT_SQL}
                cross join lateral (
                  select w.id from waits w where w.kind = 'dependency' and w.status = 'waiting' and w.job_id = m."jobId"
                     and w.match_by = m."matchBy" and w.match_key = m."matchKey" limit ${PAGE}) w
                limit ${PAGE})
             update waits w set status = 'received', ended_at = now()
              where w.id = any (array(select id from met)) and (w.status = 'waiting') is true
             returning w.run_id`,
      values: [input],
    });
    found = rows.length;
    await wakeRuns(
      rows.map((row) => row.run_id),
      'what its job depends on has ended as it should',
      deps,
    );
  }
}
