import { createLazyRoute } from '@tanstack/react-router';
import { useAddress } from '../app/use-address.ts';
import { GroupScreen } from './group-screen.tsx';
import { GroupsScreen } from './groups-screen.tsx';

/** Dead letters by what killed them, or, with `?group=`, those of one group. */
function DeadLettersScreen() {
  const { search } = useAddress();
  const group = search['group'];
  return group === undefined ? <GroupsScreen /> : <GroupScreen key={group} id={group} />;
}

export const Route = createLazyRoute('/dead-letters')({ component: DeadLettersScreen });
