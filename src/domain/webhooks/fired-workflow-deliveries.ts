import { FINAL_WORKFLOW_STATUSES } from '../../core/workflow-state.ts';

const FINAL_SQL = FINAL_WORKFLOW_STATUSES.map((status) => `'${status}'`).join(', ');

/**
 * The part of the statement that moves workflow runs which stores what has to be told of their endings
 * (`baton_fire_workflow_webhooks` of the migrations). Reads the CTE `moved` as `m`, whose `was` is the status before, so that each ending
 * fires once. Where nobody subscribes, an ending costs one look into an index; anything else costs none. The probe is scalar, since an
 * `exists` would be planned as a list of every subscription there is.
 */
export const FIRED_WORKFLOWS_SQL = `
fired as (
  select baton_fire_workflow_webhooks(m.project_id, m.workflow_id, m.workflow_version, m.id, m.status, m.error, m.failed_step, m.output)
         as deliveries
    from moved m
   where m.status in (${FINAL_SQL}) and m.was not in (${FINAL_SQL})
     and (select true from webhook_subscriptions s where s.project_id = m.project_id and s.active limit 1)
)`;
