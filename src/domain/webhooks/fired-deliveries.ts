/**
 * The part of the transition statement that stores what has to be told (`baton_fire_webhooks` of the migrations): the endings that
 * somebody subscribes to or that the job has a webhook for, those of the runs of a batch that calls back for each, and the notices of waits
 * that begin. Reads the CTE `moved` as `m`. Where nobody has a webhook, it costs one look into three empty indexes per statement; where
 * others have, two probes per ended run, and one more per ended run of a batch. The probes
 * are scalar, since an `exists` would be planned as a list of every subscription there is.
 *
 * @param finalSql the final statuses as a SQL list
 */
export function firedSql(finalSql: string): string {
  return `
fired as (
  select baton_fire_webhooks(m.project_id, m.job_id, m.id, m.becomes, m.new_attempt, m.run_error, m.result,
         case when m.wait ? 'notify_url' then m.wait end) as deliveries
    from moved m
   where (m.becomes in (${finalSql}) and ${ANYBODY_SQL}
          and ((select true from webhook_subscriptions s where s.project_id = m.project_id and s.active limit 1)
               or (select true from jobs j where j.id = m.job_id and j.webhook_url is not null limit 1)))
      or m.wait ? 'notify_url'
  union all
  select baton_fire_run_callback(m.batch_id, m.project_id, m.job_id, m.id, m.becomes, m.run_error, m.error_class, m.result)
    from moved m
   where m.batch_id is not null and m.becomes in (${finalSql}) and (select true from batches b where ${CALLING_SQL} limit 1)
     and (select true from batches b where b.id = m.batch_id and ${CALLING_SQL} limit 1)
)`;
}

/** Batches that call back run by run: the condition of an index that has nothing else. */
const CALLING_SQL = `b.callback_on = 'all' and b.canceled_at is null and b.ended_status is null`;

const ANYBODY_SQL = `((select true from webhook_subscriptions where active limit 1)
          or (select true from jobs where webhook_url is not null limit 1))`;
