/** What a documented field holds, told from its example. */
type FieldType = 'string' | 'number' | 'boolean' | 'date-time' | 'status' | 'json' | 'string map' | Shape | readonly [Shape];

/** Field by field what a documented body holds. */
export interface Shape {
  readonly [field: string]: FieldType;
}

const JOB_RUN = `{
  "id": "string", "job_id": "string", "project_id": "string", "status": "delayed", "attempt": 0, "payload": {}, "result": {},
  "metadata": { "property1": "string", "property2": "string" }, "error": "string", "triggered_by": "string",
  "scheduled_at": "2019-08-24T14:15:22Z", "started_at": "2019-08-24T14:15:22Z", "finished_at": "2019-08-24T14:15:22Z",
  "heartbeat_at": "2019-08-24T14:15:22Z", "next_retry_at": "2019-08-24T14:15:22Z", "expires_at": "2019-08-24T14:15:22Z",
  "parent_run_id": "string", "priority": 0, "idempotency_key": "string", "job_version": 0, "workflow_step_run_id": "string",
  "max_attempts_override": 0, "timeout_secs_override": 0, "retry_backoff": "string", "retry_initial_delay_secs": 0,
  "retry_max_delay_secs": 0,
  "execution_trace": {
    "queue_wait_ms": 0, "dequeue_ms": 0, "connect_ms": 0, "ttfb_ms": 0, "transfer_ms": 0, "total_ms": 0, "dispatch_ms": 0
  },
  "debug_mode": true, "continuation_of": "string", "lineage_depth": 0, "tags": { "property1": "string", "property2": "string" },
  "job_version_id": "string", "created_by": "string", "batch_id": "string", "concurrency_key": "string",
  "created_at": "2019-08-24T14:15:22Z"
}`;

const AUTOMATION_RUN = `{
  "automationId": "string", "automationVersionId": "string", "completedAt": "2019-08-24T14:15:22Z", "concurrencyKey": "string",
  "createdAt": "2019-08-24T14:15:22Z", "durationSeconds": 0, "error": {}, "externalJobId": "string", "id": "string",
  "orchestratorType": "local", "startedAt": "2019-08-24T14:15:22Z", "status": "pending", "tenantId": "string",
  "triggerSourceId": "string", "triggerSourceType": "user", "triggerType": "manual", "updatedAt": "2019-08-24T14:15:22Z",
  "versionNumber": 0
}`;

const TASK = `{
  "id": "string", "run_id": "string", "node_id": "string", "node_type": "string", "status": "PENDING",
  "start_time": "2019-08-24T14:15:22Z", "end_time": "2019-08-24T14:15:22Z", "inputs": {}, "outputs": {}, "error": "string",
  "is_downstream_of_pause": false
}`;

const PAUSE = `{
  "id": "string", "run_id": "string", "node_id": "string", "pause_message": "string", "pause_time": "2019-08-24T14:15:22Z",
  "resume_time": "2019-08-24T14:15:22Z", "resume_user_id": "string", "resume_action": "APPROVE", "input_data": {},
  "comments": "string"
}`;

const WORKFLOW_API_RUN = `{
  "id": "string", "workflow_id": "string", "workflow_version_id": "string",
  "workflow_version": {
    "version": 0, "name": "string", "description": "string", "definition": {}, "definition_hash": "string",
    "created_at": "2019-08-24T14:15:22Z", "updated_at": "2019-08-24T14:15:22Z"
  },
  "status": "PENDING", "start_time": "2019-08-24T14:15:22Z", "end_time": "2019-08-24T14:15:22Z", "initial_inputs": {}, "outputs": {},
  "tasks": [${TASK}], "parent_run_id": "string", "run_type": "string", "output_file_id": "string", "input_dataset_id": "string",
  "message": "string", "duration": 0, "percentage_complete": 0
}`;
const LAUNCHED = `
  "run_id": 0, "run_uid": "string", "workspace_uid": "string", "user_uid": "string", "action_name": "string", "status": "string",
  "postponed_until": "2019-08-24T14:15:22Z", "created_at": "2019-08-24T14:15:22Z", "updated_at": "2019-08-24T14:15:22Z"`;
const ACTION_ERROR = '{ "label": "string", "message": "string", "params": {} }';

/** The examples of the run documents, as they print them. */
const DOCUMENTED = {
  ActionRun: `{
    "id": 0, "uid": "string", "action_id": "string", "action_name": "string", "retry_count": 0, "user_uid": "string",
    "workspace_uid": "string", "execution_mode": "string", "last_error": ${ACTION_ERROR}, "parameters": {},
    "callback": { "url": "string", "on": "string" }, "status": "string", "output_count": 0, "scheduled_run_uid": "string",
    "postponed_until": "2019-08-24T14:15:22Z", "started_at": "2019-08-24T14:15:22Z", "finished_at": "2019-08-24T14:15:22Z",
    "created_at": "2019-08-24T14:15:22Z", "updated_at": "2019-08-24T14:15:22Z"
  }`,
  ActionRunStatus: `{
    "id": 0, "uid": "string", "status": "string", "postponed_until": "2019-08-24T14:15:22Z", "started_at": "2019-08-24T14:15:22Z",
    "finished_at": "2019-08-24T14:15:22Z", "created_at": "2019-08-24T14:15:22Z", "updated_at": "2019-08-24T14:15:22Z"
  }`,
  ActionRunInput: `{
    "uid": "string", "index": 0, "status": "string", "input_data": {}, "custom_data": {}, "last_error": ${ACTION_ERROR},
    "output_count": 0, "retry_count": 0, "started_at": "2019-08-24T14:15:22Z", "finished_at": "2019-08-24T14:15:22Z"
  }`,
  ActionRunCallback: `{
    "uid": "string", "parent_uid": "string", "retry_count": 0, "created_at": "2019-08-24T14:15:22Z", "status": "string",
    "callback_url": "string", "http_status": 0, "batch_uid": "string", "run_uid": "string", "workspace_uid": "string",
    "payload": {}, "error": "string", "next_attempt_at": "2019-08-24T14:15:22Z"
  }`,
  LaunchedAction: `{ ${LAUNCHED} }`,
  LiveActionResult: `{ ${LAUNCHED}, "results": {}, "custom_data": {}, "input": {} }`,
  JobRun: JOB_RUN,
  BulkCancel: `{
    "results": [{ "id": "string", "status": "string", "error": "string" }], "total": 0, "canceled": 0, "failed": 0
  }`,
  BulkDlqReplay: `{ "replayed": [${JOB_RUN}], "count": 0 }`,
  IdempotencyReset: '{ "status": "string", "run_id": "string" }',
  RunEvent: `{
    "id": "string", "run_id": "string", "type": "string", "level": "string", "message": "string", "data": {},
    "created_at": "2019-08-24T14:15:22Z"
  }`,
  RunOutput: `{
    "id": "string", "run_id": "string", "output_key": "string", "schema": {}, "value": {}, "created_at": "2019-08-24T14:15:22Z"
  }`,
  RunCheckpoint: `{
    "id": "string", "run_id": "string", "sequence": 0, "source": "string", "state": {}, "created_at": "2019-08-24T14:15:22Z"
  }`,
  RunUsage: `{
    "id": "string", "run_id": "string", "provider": "string", "model": "string", "prompt_tokens": 0, "completion_tokens": 0,
    "total_tokens": 0, "cost_microusd": 0, "created_at": "2019-08-24T14:15:22Z"
  }`,
  RunToolCall: `{
    "id": "string", "run_id": "string", "tool_name": "string", "input": {}, "output": {}, "duration_ms": 0, "status": "string",
    "created_at": "2019-08-24T14:15:22Z"
  }`,
  DependencyStatus: `{
    "run_id": "string", "job_id": "string", "status": "delayed",
    "dependencies": [{
      "id": "string", "job_id": "string", "depends_on_job_id": "string", "condition": "string", "created_at": "2019-08-24T14:15:22Z"
    }],
    "dependencies_satisfied": true
  }`,
  WorkflowApiRun: WORKFLOW_API_RUN,
  Task: TASK,
  PauseHistory: PAUSE,
  PausedRun: `{
    "run": ${WORKFLOW_API_RUN}, "current_pause": ${PAUSE}, "workflow": { "id": "string", "name": "string", "description": "string" }
  }`,
  AutomationRun: AUTOMATION_RUN,
  AutomationRunList: `{ "items": [${AUTOMATION_RUN}], "total": 0 }`,
  AutomationRunSteps: `{
    "automationRunId": "string", "completedCount": 0, "failedCount": 0, "pendingCount": 0, "runningCount": 0,
    "steps": [{
      "actionRunId": "string", "completedAt": "2019-08-24T14:15:22Z", "decisionId": "string", "dependsOn": {},
      "durationSeconds": 0, "error": {}, "key": "string", "name": "string", "result": {}, "resultTruncated": false,
      "startedAt": "2019-08-24T14:15:22Z", "status": "string"
    }]
  }`,
  Error: '{ "error": "string", "request_id": "string" }',
};

const EVENT_TRIGGER = `{
  "id": "string", "event_key": "string", "project_id": "string", "source_type": "string", "workflow_run_id": "string",
  "workflow_step_run_id": "string", "job_run_id": "string", "status": "string", "trigger_type": "string", "request_payload": {},
  "response_payload": {}, "timeout_secs": 0, "requested_at": "2019-08-24T14:15:22Z", "received_at": "2019-08-24T14:15:22Z",
  "expires_at": "2019-08-24T14:15:22Z", "error": "string", "notify_url": "string", "notify_status": "string", "sent_by": "string"
}`;

const WORKFLOW_STEP = `{
  "step_ref": "string", "name": "string", "type": "string", "depends_on": {}, "condition": {}, "on_failure": "string",
  "payload": {}, "input_transform": "string", "output_transform": "string", "job_id": "string", "workflow_id": "string",
  "timeout_secs": 0, "max_attempts": 0, "retry_strategy": "string", "retry_initial_delay_secs": 0, "retry_max_delay_secs": 0,
  "priority": 0, "items": "string", "concurrency": 0, "tolerates_failed_items": true, "approvers": {}, "message": "string",
  "event_key": "string", "sleep_secs": 0, "sleep_until": "string", "when": {}, "when_true": {}, "when_false": {},
  "routes": [{ "name": "string", "when": {}, "to": {} }], "otherwise": {}
}`;
const WORKFLOW_SUMMARY = `
  "id": "string", "project_id": "string", "slug": "string", "name": "string", "description": "string", "enabled": true,
  "tags": { "property1": "string" }, "version": 0, "version_id": "string", "created_by": "string",
  "created_at": "2019-08-24T14:15:22Z", "updated_at": "2019-08-24T14:15:22Z"`;
const WORKFLOW_SAID = `
  "steps": [${WORKFLOW_STEP}], "input_schema": {}, "output_schema": {}, "output": "string", "timeout_secs": 0,
  "max_parallel_steps": 0`;

const AUTOMATION = `{
  "id": "string", "tenantId": "string", "name": "string", "description": "string", "orchestratorType": "local",
  "triggerType": "manual", "templateId": "string", "status": "string", "automationVersionId": "string", "versionNumber": 0,
  "config": {}, "createdAt": "2019-08-24T14:15:22Z", "updatedAt": "2019-08-24T14:15:22Z"
}`;

/** What the documents presuppose without printing it, in the same form. */
const IMPLIED = {
  Project: `{
    "id": "string", "name": "string", "max_executing_runs": 0, "max_queued_runs": 0, "max_jobs": 0,
    "max_active_event_triggers": 0, "max_daily_cost_microusd": 0, "max_cost_per_run_microusd": 0, "created_at": "2019-08-24T14:15:22Z"
  }`,
  ApiKey: `{
    "id": "string", "project_id": "string", "name": "string", "key_prefix": "string", "scopes": {}, "created_by": "string",
    "role": "string", "created_at": "2019-08-24T14:15:22Z", "expires_at": "2019-08-24T14:15:22Z",
    "revoked_at": "2019-08-24T14:15:22Z", "rotated_to": "string", "grace_ends_at": "2019-08-24T14:15:22Z"
  }`,
  Role: '{ "role": "string", "scopes": {} }',
  JobDependency: `{
    "id": "string", "job_id": "string", "depends_on_job_id": "string", "condition": "string", "created_at": "2019-08-24T14:15:22Z"
  }`,
  Job: `{
    "id": "string", "project_id": "string", "slug": "string", "name": "string", "description": "string", "execution_mode": "string",
    "endpoint_url": "string", "fallback_endpoint_url": "string", "environment_id": "string", "image_uri": "string", "machine_preset": "string",
    "enabled": true, "max_attempts": 0, "timeout_secs": 0, "heartbeat_timeout_secs": 0,
    "retry_strategy": "string", "retry_initial_delay_secs": 0, "retry_max_delay_secs": 0, "retry_delays_secs": {},
    "retry_priority_boost": 0, "poison_pill_threshold": 0, "max_concurrency": 0, "max_concurrency_per_key": 0, "run_ttl_secs": 0,
    "rate_limit_max": 0, "rate_limit_window_secs": 0, "dedup_window_secs": 0, "debounce_window_secs": 0, "batch_window_secs": 0,
    "batch_max_size": 0, "execution_window_cron": "string", "timezone": "string", "version_policy": "string",
    "payload_schema": {}, "result_schema": {}, "tags": { "property1": "string" }, "default_run_metadata": { "property1": "string" },
    "webhook_url": "string", "version": 0, "version_id": "string", "created_by": "string", "created_at": "2019-08-24T14:15:22Z",
    "updated_at": "2019-08-24T14:15:22Z"
  }`,
  Environment: `{
    "id": "string", "project_id": "string", "slug": "string", "name": "string", "parent_id": "string",
    "variables": { "property1": "string" }, "resolved_variables": { "property1": "string" }, "created_by": "string",
    "created_at": "2019-08-24T14:15:22Z", "updated_at": "2019-08-24T14:15:22Z"
  }`,
  Secret: `{
    "id": "string", "project_id": "string", "environment_id": "string", "job_id": "string", "key": "string", "prefix": "string",
    "created_by": "string", "created_at": "2019-08-24T14:15:22Z", "updated_at": "2019-08-24T14:15:22Z"
  }`,
  ModelPrice: `{
    "id": "string", "project_id": "string", "provider": "string", "model": "string", "prompt_microusd": 0, "completion_microusd": 0,
    "created_by": "string", "updated_at": "2019-08-24T14:15:22Z"
  }`,
  CircuitBreaker: `{
    "id": "string", "project_id": "string", "endpoint": "string", "state": "string", "failures": 0,
    "opened_at": "2019-08-24T14:15:22Z", "retry_at": "2019-08-24T14:15:22Z", "updated_at": "2019-08-24T14:15:22Z"
  }`,
  JobHealth: `{
    "job_id": "string", "window": "string", "total_runs": 0, "completed_runs": 0, "failed_runs": 0, "success_rate": 0,
    "p50_duration_ms": 0, "p95_duration_ms": 0, "throughput_per_hour": 0, "is_partial": true
  }`,
  SwitchedJobs: '{ "updated": 0, "jobs": [{ "id": "string", "enabled": true }] }',
  Triggered: '{ "id": "string", "status": "delayed", "payload_hash": "string", "run_token": "string", "idempotency_hit": true }',
  BulkTriggered: `{
    "batch_id": "string",
    "results": [{ "id": "string", "status": "delayed", "run_token": "string", "idempotency_hit": true,
      "debounced": true, "fire_at": "2019-08-24T14:15:22Z", "buffered": true, "error": "string" }],
    "total": 0, "created": 0
  }`,
  BatchOperation: `{
    "id": "string", "project_id": "string", "job_id": "string", "idempotency_key": "string", "status": "string", "total": 0,
    "stored": 0, "created": 0, "failed": 0, "progress": 0,
    "counts": {
      "delayed": 0, "queued": 0, "dequeued": 0, "executing": 0, "waiting": 0, "completed": 0, "failed": 0, "timed_out": 0,
      "crashed": 0, "system_failed": 0, "canceled": 0, "expired": 0, "dead_letter": 0
    },
    "created_by": "string", "created_at": "2019-08-24T14:15:22Z", "started_at": "2019-08-24T14:15:22Z",
    "finished_at": "2019-08-24T14:15:22Z"
  }`,
  Status: '{ "status": "string" }',
  RunState: '{ "run_id": "string", "state_key": "string", "value": {}, "updated_at": "2019-08-24T14:15:22Z" }',
  StreamToken: '{ "token": "string", "expires_at": "2019-08-24T14:15:22Z" }',
  Reported: '{ "status": "string", "seq": 0 }',
  EventWait: '{ "status": "string", "event_key": "string", "expires_at": "2019-08-24T14:15:22Z", "trigger_id": "string" }',
  EventTrigger: EVENT_TRIGGER,
  EventStats: `{
    "total_count": 0, "waiting_count": 0, "received_count": 0, "timed_out_count": 0, "canceled_count": 0,
    "avg_wait_duration_secs": 0
  }`,
  SentEvents: `{ "resolved": 0, "triggers": [${EVENT_TRIGGER}] }`,
  WebhookSubscription: `{
    "id": "string", "project_id": "string", "webhook_url": "string", "event_types": {}, "active": true,
    "gone_at": "2019-08-24T14:15:22Z", "created_by": "string", "created_at": "2019-08-24T14:15:22Z",
    "updated_at": "2019-08-24T14:15:22Z"
  }`,
  WebhookDelivery: `{
    "id": "string", "project_id": "string", "kind": "string", "subscription_id": "string", "job_id": "string", "run_id": "string",
    "event_type": "string", "webhook_url": "string", "payload": {}, "status": "string", "attempts": 0,
    "next_attempt_at": "2019-08-24T14:15:22Z", "last_attempt_at": "2019-08-24T14:15:22Z",
    "delivered_at": "2019-08-24T14:15:22Z", "response_status": 0, "response_body": "string", "error": "string",
    "replay_of": "string", "created_at": "2019-08-24T14:15:22Z"
  }`,
  ScheduleFire:
    '{ "id": "string", "schedule_id": "string", "fire_at": "2019-08-24T14:15:22Z", "outcome": "string", "run_id": "string", "workflow_run_id": "string", "error": "string" }',
  Schedule: `{
    "id": "string", "uid": "string", "project_id": "string", "slug": "string", "name": "string", "job_id": "string",
    "workflow_id": "string", "action_name": "string", "status": "string", "payload": {}, "tags": { "property1": "string" },
    "metadata": { "property1": "string" }, "priority": 0, "concurrency_key": "string", "cron": "string",
    "run_at": "2019-08-24T14:15:22Z", "timezone": "string", "overlap_policy": "string", "catch_up": "string", "catch_up_limit": 0,
    "grace_secs": 0, "next_execution_at": "2019-08-24T14:15:22Z", "next_executions": {},
    "last_executed_at": "2019-08-24T14:15:22Z", "fire_count": 0, "missed_count": 0, "paused_at": "2019-08-24T14:15:22Z",
    "ended_at": "2019-08-24T14:15:22Z", "created_by": "string", "created_at": "2019-08-24T14:15:22Z",
    "updated_at": "2019-08-24T14:15:22Z"
  }`,
  Automation: AUTOMATION,
  AutomationList: `{ "items": [${AUTOMATION}], "total": 0 }`,
  WorkflowSummary: `{ ${WORKFLOW_SUMMARY} }`,
  Workflow: `{ ${WORKFLOW_SUMMARY}, ${WORKFLOW_SAID} }`,
  WorkflowVersion: `{
    "workflow_id": "string", "version": 0, "version_id": "string", "name": "string", "description": "string",
    "definition_hash": "string", "created_by": "string", "created_at": "2019-08-24T14:15:22Z", ${WORKFLOW_SAID}
  }`,
  WorkflowGraph: `{
    "workflow_id": "string", "version": 0, "nodes": [${WORKFLOW_STEP}], "edges": [{ "from": "string", "to": "string" }]
  }`,
  TriggeredWorkflow: '{ "id": "string", "status": "string", "idempotency_hit": true }',
  WorkflowDryRun: '{ "workflow_id": "string", "version": 0, "payload_hash": "string", "rounds": {}, "disabled": {} }',
  WorkflowRun: `{
    "id": "string", "project_id": "string", "workflow_id": "string", "workflow_version": 0, "status": "string", "payload": {},
    "output": {}, "error": "string", "failed_step": "string", "tags": { "property1": "string" }, "triggered_by": "string",
    "created_by": "string", "idempotency_key": "string", "parent_workflow_run_id": "string", "parent_step_run_id": "string",
    "retry_of_run_id": "string", "retry_mode": "string", "retry_from": "string", "timeout_secs": 0,
    "deadline_at": "2019-08-24T14:15:22Z", "paused_at": "2019-08-24T14:15:22Z", "started_at": "2019-08-24T14:15:22Z",
    "finished_at": "2019-08-24T14:15:22Z", "created_at": "2019-08-24T14:15:22Z"
  }`,
  StepRun: `{
    "id": "string", "workflow_run_id": "string", "step_ref": "string", "type": "string", "status": "string",
    "skip_reason": "string", "attempt": 0, "chosen": {}, "input": {}, "output": {}, "error": "string",
    "wake_at": "2019-08-24T14:15:22Z", "map_total": 0, "map_started": 0, "decision": "string", "decided_by": "string",
    "decision_reason": "string", "decided_at": "2019-08-24T14:15:22Z", "kept_from": "string",
    "started_at": "2019-08-24T14:15:22Z", "finished_at": "2019-08-24T14:15:22Z"
  }`,
  WorkflowRunGraph: `{
    "workflow_run_id": "string", "status": "string",
    "nodes": [{ "step_ref": "string", "type": "string", "status": "string", "attempt": 0, "error": "string" }],
    "edges": [{ "from": "string", "to": "string" }]
  }`,
  WorkflowRunEvent: `{
    "id": "string", "workflow_run_id": "string", "seq": 0, "type": "string", "step_ref": "string", "message": "string",
    "from_status": "string", "to_status": "string", "attempt": 0, "actor": "string", "data": {},
    "created_at": "2019-08-24T14:15:22Z"
  }`,
  BulkCancelWorkflowRuns: `{
    "results": [{ "id": "string", "status": "string", "error": "string" }], "total": 0, "canceled": 0, "failed": 0
  }`,
  ChildrenWait: `{
    "status": "string", "children": [{ "id": "string", "status": "delayed", "result": {}, "error": "string" }]
  }`,
};

const STATUSES =
  'delayed queued dequeued executing waiting completed failed timed_out crashed system_failed canceled expired dead_letter'.split(
    ' ',
  );
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const shapes = Object.fromEntries(
  Object.entries({ ...DOCUMENTED, ...IMPLIED }).map(([name, text]) => [name, shapeOf(JSON.parse(text))]),
);

/** The fields of a documented body and what they hold. */
export function documentedShape(name: keyof typeof DOCUMENTED | keyof typeof IMPLIED): Shape {
  const shape = shapes[name];
  if (!shape) throw new Error(`no shape is named ${name}`);
  return shape;
}

/** How a value departs from a documented shape: fields that are missing, not documented, or of another type. Null stands for "nothing". */
export function departures(value: unknown, shape: Shape, path = ''): string[] {
  if (!isObject(value)) return [`${path || 'the body'} is no object: ${JSON.stringify(value)}`];
  const at = (field: string) => (path ? `${path}.${field}` : field);
  const missing = Object.keys(shape).filter((field) => !(field in value));
  const extra = Object.keys(value).filter((field) => !(field in shape));
  const wrong = Object.entries(shape).flatMap(([field, type]) => wrongType(value[field], type, at(field)));
  return [
    ...missing.map((field) => `${at(field)} is missing`),
    ...extra.map((field) => `${at(field)} is not documented`),
    ...wrong,
  ];
}

/** The fields of a documented body that a value has something in. */
export function filledFields(value: object): string[] {
  return Object.entries(value).flatMap(([field, content]) => (content === null ? [] : [field]));
}

function wrongType(value: unknown, type: FieldType, path: string): string[] {
  if (value === null || value === undefined) return [];
  if (typeof type === 'object') {
    if (!isList(type)) return departures(value, type, path);
    return Array.isArray(value)
      ? value.flatMap((item, index) => departures(item, type[0], `${path}.${index}`))
      : [`${path} is no list`];
  }
  return holds(value, type) ? [] : [`${path} is no ${type}: ${JSON.stringify(value)}`];
}

function holds(value: unknown, type: Exclude<FieldType, object>): boolean {
  switch (type) {
    case 'json':
      return true;
    case 'status':
      return typeof value === 'string' && STATUSES.includes(value);
    case 'date-time':
      return typeof value === 'string' && DATE_TIME.test(value);
    case 'string map':
      return isObject(value) && Object.values(value).every((entry) => typeof entry === 'string');
    default:
      return typeof value === type;
  }
}

function shapeOf(example: unknown): Shape {
  if (!isObject(example)) throw new Error('an example is an object');
  return Object.fromEntries(Object.entries(example).map(([field, value]) => [field, typeOf(field, value)]));
}

function typeOf(field: string, value: unknown): FieldType {
  if (Array.isArray(value)) return [shapeOf(value[0])];
  if (isObject(value)) {
    if (Object.keys(value).length === 0) return 'json';
    return 'property1' in value ? 'string map' : shapeOf(value);
  }
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (field === 'status' && value === 'delayed') return 'status';
  return DATE_TIME.test(String(value)) ? 'date-time' : 'string';
}

function isList(type: Shape | readonly [Shape]): type is readonly [Shape] {
  return Array.isArray(type);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
