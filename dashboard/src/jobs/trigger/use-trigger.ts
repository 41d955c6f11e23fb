import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import type { VariablesOf } from '../../api/graphql.ts';
import { ProblemError } from '../../api/problem.ts';
import { useAction } from '../../api/use-action.ts';
import type { Faults, FieldGroup, FieldValues } from '../../ui/form/form-field.ts';
import { faultsOf } from '../../ui/form/read-field.ts';
import { useToast } from '../../ui/toast.tsx';
import { type DryRun, type JobToTrigger, type Triggered, TriggerRunMutation } from './documents.ts';
import { type OptionName, readOptions } from './option-fields.ts';
import { checkPayload, faultsOfServer, type PayloadFault } from './payload-faults.ts';
import type { Payload } from './use-payload.ts';

/** What is to be triggered. */
interface Draft {
  readonly job: JobToTrigger;
  readonly payload: Payload;
  readonly groups: readonly FieldGroup<OptionName>[];
  readonly options: FieldValues<OptionName>;
}

interface Refusal {
  /** The text of the payload that it was about: another one is not refused yet. */
  readonly text: string;
  readonly payload: readonly PayloadFault[];
  readonly options: Faults<OptionName>;
  readonly words: string | null;
}

const NO_REFUSAL: Refusal = { text: '', payload: [], options: {}, words: null };

/** Triggers a draft, or tries it without effect; says what is wrong with it from the first try on, as it is edited. */
export function useTrigger({ job, payload, groups, options }: Draft) {
  const { run, isRunning } = useAction(TriggerRunMutation);
  const navigate = useNavigate();
  const toast = useToast();
  const [isTried, setTried] = useState(false);
  const [refusal, setRefusal] = useState(NO_REFUSAL);
  const [dryRun, setDryRun] = useState<DryRun | null>(null);

  const own = () => (job.payloadSchema === null || payload.fault !== null ? [] : checkPayload(job.payloadSchema, payload.value));
  const ownFaults = isTried ? own() : [];
  const isRefused = refusal.text === payload.text;
  // The server's word counts for what it was about; where both have one, it is the same.
  const faults = ownFaults.length > 0 ? ownFaults : isRefused ? refusal.payload : [];

  async function send(isDry: boolean): Promise<boolean> {
    setTried(true);
    setDryRun(null);
    const read = readOptions(groups, options, Date.now());
    setRefusal({ ...NO_REFUSAL, text: payload.text, options: read.faults });
    if (payload.fault !== null || own().length > 0 || Object.keys(read.faults).length > 0) return false;
    try {
      const input = { ...read.input, job: job.id, dryRun: isDry, ...(payload.value !== undefined && { payload: payload.value }) };
      const { triggerRun } = await run({ input: input as VariablesOf<typeof TriggerRunMutation>['input'] });
      if (triggerRun.dryRun) setDryRun(triggerRun.dryRun);
      else tell(triggerRun);
      return true;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const { details = [], text } = error.problem;
      const refused = {
        payload: faultsOfServer(details),
        options: faultsOf(
          details,
          groups.flatMap(({ fields }) => fields),
        ),
      };
      const isPlaced = refused.payload.length > 0 || Object.keys(refused.options).length > 0;
      setRefusal({ text: payload.text, ...refused, words: isPlaced ? null : text });
      return false;
    }
  }

  function tell(triggered: Triggered): void {
    const { id } = triggered;
    const href = `/runs/${id}`;
    toast({
      text: wordsOf(triggered, job.name),
      ...(id !== null && {
        link: { label: 'See the run', href, open: () => void navigate({ to: '/runs/$runId', params: { runId: id } }) },
      }),
    });
  }

  return { send, isRunning, dryRun, faults, optionFaults: refusal.options, problem: isRefused ? refusal.words : null };
}

function wordsOf({ debounced, buffered, fireAt, idempotencyHit, deduplicated }: Triggered, name: string): string {
  if (debounced)
    return `Debounced: ${name} runs once no other trigger follows${fireAt ? `, at ${new Date(fireAt).toLocaleTimeString()}` : ''}.`;
  if (buffered) return `Gathered: it becomes part of the next batch of ${name}.`;
  if (idempotencyHit) return `A run of ${name} with this idempotency key was there already.`;
  if (deduplicated) return `A run of ${name} with the same payload was there already.`;
  return `${name} is triggered.`;
}
