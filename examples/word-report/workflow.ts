/** Name of the workflow in URLs. */
export const WORKFLOW_SLUG = 'word-report';

/**
 * The workflow, as `POST /v1/workflows` takes it: the files of a tree, statistics of each, somebody's consent if links are broken, the
 * report. `ask` is skipped when no link is broken; `report` starts all the same, since it depends on `words` too.
 */
export const WORD_REPORT = {
  slug: WORKFLOW_SLUG,
  name: 'Word report',
  description: 'Counts the words of a tree of Markdown files.',
  steps: [
    { step_ref: 'files', job_slug: 'word-files' },
    {
      step_ref: 'words',
      type: 'map',
      job_slug: 'word-count',
      depends_on: ['files'],
      items: 'steps.files.output.files',
      concurrency: 16,
    },
    {
      step_ref: 'broken',
      name: 'Are links broken?',
      type: 'condition',
      depends_on: ['words'],
      when: '$count(steps.words.output.broken) > 0',
      when_true: ['ask'],
    },
    {
      step_ref: 'ask',
      name: 'Write the report nevertheless?',
      type: 'approval',
      depends_on: ['broken'],
      message: 'Links are broken. Write the report nevertheless?',
      timeout_secs: 86_400,
    },
    { step_ref: 'report', job_slug: 'word-report', depends_on: ['words', 'ask'] },
  ],
} as const;
