import { Repeat, RotateCcw } from 'lucide-react';
import { useQuery } from 'urql';
import { toProblem } from '../api/problem.ts';
import { useAction } from '../api/use-action.ts';
import { useCan } from '../app/viewer.tsx';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { JsonView } from '../ui/json-view.tsx';
import { ProblemNotice } from '../ui/problem-notice.tsx';
import { Facts } from '../ui/screen.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { StatusBadge } from '../ui/status-badge.tsx';
import { Time } from '../ui/time.tsx';
import { useToast } from '../ui/toast.tsx';
import { DeliveryQuery, ReplayDeliveryMutation, RetryDeliveryMutation } from './documents.ts';
import { eventName } from './event-types.ts';

interface DeliveryDialogProps {
  /** The delivery to show; null for none. */
  readonly id: string | null;
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

/** One message: what was sent, what was answered, and sending it again. */
export function DeliveryDialog({ id, onClose, onChanged }: DeliveryDialogProps) {
  const [{ data, error }] = useQuery({ query: DeliveryQuery, variables: { id: id ?? '' }, pause: id === null });
  const retry = useAction(RetryDeliveryMutation);
  const replay = useAction(ReplayDeliveryMutation);
  const canWrite = useCan('JOBS_WRITE');
  const toast = useToast();
  const delivery = id !== null && data?.webhookDelivery.id === id ? data.webhookDelivery : null;

  async function again(action: () => Promise<unknown>, text: string): Promise<void> {
    try {
      await action();
      toast({ text });
      onChanged();
      onClose();
    } catch (failure) {
      toast({ text: failure instanceof Error ? failure.message : String(failure) });
    }
  }

  return (
    <Dialog
      open={id !== null}
      onClose={onClose}
      wide
      title={delivery ? `Delivery of ${eventName(delivery.eventType)}` : 'Delivery'}
      actions={
        delivery && canWrite ? (
          <>
            {delivery.status === 'DELIVERED' ? null : (
              <Button
                icon={RotateCcw}
                busy={retry.isRunning}
                onClick={() => void again(() => retry.run({ id: delivery.id }), 'It is tried again now.')}
              >
                Try again now
              </Button>
            )}
            <Button
              icon={Repeat}
              busy={replay.isRunning}
              onClick={() => void again(() => replay.run({ id: delivery.id }), 'The same message is sent as a new delivery.')}
            >
              Send as a new delivery
            </Button>
          </>
        ) : null
      }
    >
      {error ? <ProblemNotice problem={toProblem(error)} /> : null}
      {delivery ? (
        <div className="grid gap-4">
          <Facts
            facts={[
              ['Status', <StatusBadge key="status" status={delivery.status} />],
              [
                'To',
                <code key="to" className="font-mono text-xs break-all">
                  {delivery.webhookUrl}
                </code>,
              ],
              ['Attempts', delivery.attempts],
              ['Last attempt', delivery.lastAttemptAt ? <Time key="last" at={delivery.lastAttemptAt} /> : 'none yet'],
              ['Next attempt', delivery.nextAttemptAt ? <Time key="next" at={delivery.nextAttemptAt} /> : 'none'],
              ['Answer', delivery.responseStatus === null ? 'none' : `HTTP ${delivery.responseStatus}`],
              ...(delivery.error ? ([['Error', delivery.error]] as const) : []),
              [
                'webhook-id',
                <code key="id" className="font-mono text-xs break-all">
                  {delivery.id}
                </code>,
              ],
              ['Other headers', 'webhook-timestamp and webhook-signature, made anew for each attempt'],
            ]}
          />
          <JsonView label="the message" value={delivery.payload} />
          {delivery.responseBody ? <JsonView label="the answer" value={delivery.responseBody} /> : null}
        </div>
      ) : error ? null : (
        <Skeleton lines={6} />
      )}
    </Dialog>
  );
}
