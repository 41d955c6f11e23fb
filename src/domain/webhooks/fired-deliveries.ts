/**
 * The part of the transition statement that stores what has to be told (`baton_fire_webhooks` of the migrations): the endings that
 * somebody subscribes to or that the job has a webhook for, and the notices of waits that begin. Reads the CTE `moved` as `m`. Where
 * nobody has a webhook, it costs one look into two empty indexes per statement; where others have, two probes per ended run. The probes
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
)`;
}

const ANYBODY_SQL = `((select true from webhook_subscriptions where active limit 1)
          or (select true from jobs where webhook_url is not null limit 1))`;
