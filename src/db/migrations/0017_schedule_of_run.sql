-- Up Migration

-- Which moment of which schedule has made a workflow run: asked for a page of them at a time. Each moment has an id of its own for its run.
create unique index schedule_fires_by_workflow_run on schedule_fires (workflow_run_id);
