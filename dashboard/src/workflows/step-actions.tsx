import { Check, FastForward, RotateCcw, SkipForward, X } from 'lucide-react';
import { useState } from 'react';
import { useAction } from '../api/use-action.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { ConfirmDialog } from '../ui/confirm-dialog.tsx';
import { Field, Select, TextArea, TextInput } from '../ui/field.tsx';
import {
  ApproveStepMutation,
  CompleteStepMutation,
  DeclineStepMutation,
  RetryStepMutation,
  SkipStepMutation,
  type StepNode,
} from './run-documents.ts';

interface StepActionsProps {
  readonly workflowRunId: string;
  readonly node: StepNode;
  /** The workflow run has ended: its steps stay as they are. */
  readonly isRunOver: boolean;
  readonly onChanged: () => void;
}

type Kind = 'approve' | 'decline' | 'retry' | 'skip' | 'complete';

const WORDS: Readonly<Record<Kind, { readonly title: string; readonly confirm: string; readonly text: string }>> = {
  approve: { title: 'Approve', confirm: 'Approve', text: 'The workflow goes on behind this step.' },
  decline: {
    title: 'Decline',
    confirm: 'Decline',
    text: 'The step fails, and what its workflow does with a failed step happens.',
  },
  retry: {
    title: 'Retry the step',
    confirm: 'Retry it',
    text: 'It is done again, and what has been waiting for it goes on afterwards.',
  },
  skip: {
    title: 'Skip the step',
    confirm: 'Skip it',
    text: 'What is done for it is stopped, and the workflow goes on behind it as if it had completed, without an output.',
  },
  complete: {
    title: 'Complete the step by hand',
    confirm: 'Complete it',
    text: 'It counts as done, with the output you give; what is done for it is stopped.',
  },
};

/** What can be done to a step as it stands. An approval is decided here, in place. */
export function StepActions({ workflowRunId, node, isRunOver, onChanged }: StepActionsProps) {
  const canWrite = useCan('WORKFLOWS_WRITE');
  const approve = useAction(ApproveStepMutation);
  const decline = useAction(DeclineStepMutation);
  const retry = useAction(RetryStepMutation);
  const skip = useAction(SkipStepMutation);
  const complete = useAction(CompleteStepMutation);
  const [kind, setKind] = useState<Kind | null>(null);
  const [reason, setReason] = useState('');
  const [output, setOutput] = useState('');
  const [approver, setApprover] = useState('');
  if (!canWrite || isRunOver) return null;
  const isOpen = node.status === 'PENDING' || node.status === 'RUNNING' || node.status === 'WAITING';
  const isApproval = node.kind === 'APPROVAL' && node.status === 'WAITING';
  const hasFailed = node.status === 'FAILED';
  if (!isOpen && !hasFailed) return null;
  const approvers = node.definition?.approvers ?? null;
  const isDecision = kind === 'approve' || kind === 'decline';

  async function submit(): Promise<void> {
    const input = { workflowRunId, ref: node.ref, ...(reason.trim() !== '' && { reason: reason.trim() }) };
    const decision = { ...input, ...(approvers && { approver }) };
    if (kind === 'approve') await approve.run({ input: decision });
    if (kind === 'decline') await decline.run({ input: decision });
    if (kind === 'retry') await retry.run({ input });
    if (kind === 'skip') await skip.run({ input });
    if (kind === 'complete') await complete.run({ input: { ...input, ...(output.trim() !== '' && { output: parse(output) }) } });
    setReason('');
    setOutput('');
    onChanged();
  }

  const words = WORDS[kind ?? 'approve'];
  return (
    <div className="flex flex-wrap gap-2">
      {isApproval ? (
        <>
          <Button variant="primary" icon={Check} onClick={() => setKind('approve')}>
            Approve
          </Button>
          <Button variant="danger" icon={X} onClick={() => setKind('decline')}>
            Decline
          </Button>
        </>
      ) : null}
      {hasFailed ? (
        <Button icon={RotateCcw} onClick={() => setKind('retry')}>
          Retry
        </Button>
      ) : null}
      {isOpen ? (
        <Button icon={SkipForward} onClick={() => setKind('skip')}>
          Skip
        </Button>
      ) : null}
      <Button icon={FastForward} onClick={() => setKind('complete')}>
        Complete by hand
      </Button>
      <ConfirmDialog
        open={kind !== null}
        onClose={() => setKind(null)}
        title={`${words.title}: ${node.definition?.name ?? node.ref}`}
        confirm={words.confirm}
        danger={kind === 'decline'}
        disabled={isDecision && approvers !== null && approver === ''}
        onConfirm={submit}
      >
        <div className="grid gap-3">
          {isDecision && node.definition?.message ? <p className="font-medium">{node.definition.message}</p> : null}
          <p>{words.text}</p>
          {isDecision && approvers ? (
            <Field label="Decided by" hint="The workflow names who may decide this.">
              {(ids) => (
                <Select {...ids} value={approver} onChange={(event) => setApprover(event.target.value)}>
                  <option value="">choose who decides</option>
                  {approvers.map((name) => (
                    <option key={name} value={name}>
                      {name}
                    </option>
                  ))}
                </Select>
              )}
            </Field>
          ) : null}
          {kind === 'complete' ? (
            <Field label="Output" hint="JSON; may stay empty">
              {(ids) => (
                <TextArea
                  {...ids}
                  className="font-mono text-xs"
                  value={output}
                  onChange={(event) => setOutput(event.target.value)}
                />
              )}
            </Field>
          ) : null}
          <Field label="Reason" hint="Kept with the decision, beside who made it. May stay empty.">
            {(ids) => <TextInput {...ids} value={reason} onChange={(event) => setReason(event.target.value)} />}
          </Field>
        </div>
      </ConfirmDialog>
    </div>
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The output is no JSON: ${error instanceof Error ? error.message : error}`);
  }
}
