// One small statement per change of a state. Which states a change leads out of stands in its condition, so that of two processes that
// see the same one makes it.

/** The circuits that keep runs away; a database with more broken endpoints than this lets runs try the rest of them. */
export const LOAD_SQL = `
select id, project_id, endpoint, extract(epoch from retry_at - now())::float8 * 1000 as "retryInMs"
  from circuits where state <> 'closed' order by retry_at desc limit 5000`;

/** `$1` id, `$2` project, `$3` endpoint, `$4` failures, `$5` milliseconds. */
export const OPEN_SQL = `
insert into circuits as c (id, project_id, endpoint, state, failures, opened_at, retry_at)
values ($1, $2, $3, 'open', $4, now(), now() + $5::bigint * interval '1 millisecond')
on conflict (project_id, endpoint) do update set state = 'open', failures = excluded.failures, opened_at = now(),
  retry_at = excluded.retry_at, updated_at = now() where c.state = 'closed'`;

/** Lets one run through: whoever moves \`retry_at\` into the future, for `$2` milliseconds, has it. */
export const PROBE_SQL = `
update circuits set state = 'half_open', retry_at = now() + $2::bigint * interval '1 millisecond', updated_at = now()
 where id = $1 and state <> 'closed' and retry_at <= now() returning id`;

/** Ends a probe: it found nobody, and the next one may try after `$2` milliseconds. */
export const REOPEN_SQL = `
update circuits set state = 'open', failures = failures + $3::int, retry_at = now() + $2::bigint * interval '1 millisecond', updated_at = now()
 where id = $1 and state = 'half_open'`;

/** The endpoint has been reached. */
export const CLOSE_SQL = `
update circuits set state = 'closed', failures = 0, retry_at = null, updated_at = now() where id = $1 and state <> 'closed'`;

/**
 * Frees up to `$3` of the runs that are held for the circuit `$2` (`$1` is what holds them) if it is closed, best first. Not a change of
 * status: they are queued already.
 */
export const FREE_SQL = `
update runs set hold = null, wake_at = null, next_retry_at = null, queued_at = least(queued_at, now())
 where id in (
   select r.id from runs r where r.status = 'queued' and r.hold = $1
      and not exists (select from circuits c where c.id = $2 and c.state <> 'closed')
    order by r.priority desc, r.created_at, r.id limit $3 for update skip locked)`;

/** Days a circuit is shown that is closed, or that no run has tried since: its endpoint may be gone. */
const KEPT_DAYS = 7;

/** Forgets up to `$1` circuits that have not changed for long. */
export const FORGET_SQL = `
delete from circuits where id in (
  select id from circuits where updated_at < now() - interval '${KEPT_DAYS} days' limit $1 for update skip locked)`;

/** How many circuits keep runs away, by state. */
export const COUNT_SQL = `select state, count(*)::int as count from circuits where state <> 'closed' group by state`;
