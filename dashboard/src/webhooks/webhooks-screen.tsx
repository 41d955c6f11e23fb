import { createLazyRoute, useNavigate, useSearch } from '@tanstack/react-router';
import { Screen } from '../ui/screen.tsx';
import { Tabs } from '../ui/tabs.tsx';
import { DeliveriesPanel } from './deliveries-panel.tsx';
import { SubscriptionsPanel } from './subscriptions-panel.tsx';

/** Who is told of what happens here, and how telling them went. */
function WebhooksScreen() {
  const { tab = 'subscriptions' } = useSearch({ from: '/webhooks' });
  const navigate = useNavigate({ from: '/webhooks' });
  const select = (id: string) => void navigate({ search: { tab: id } });
  return (
    <Screen title="Webhooks">
      <Tabs
        label="Webhooks"
        selected={tab}
        onSelect={select}
        tabs={[
          {
            id: 'subscriptions',
            label: 'Subscriptions',
            content: <SubscriptionsPanel />,
          },
          { id: 'deliveries', label: 'Deliveries', content: <DeliveriesPanel /> },
        ]}
      />
    </Screen>
  );
}

export const Route = createLazyRoute('/webhooks')({ component: WebhooksScreen });
