import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router';
import {
  Activity,
  BookOpen,
  Boxes,
  CalendarClock,
  Keyboard,
  KeyRound,
  Layers,
  ListTree,
  LogOut,
  Menu as MenuIcon,
  Moon,
  Skull,
  SquareTerminal,
  Sun,
  SunMoon,
  Webhook,
  Workflow,
} from 'lucide-react';
import { useState, useSyncExternalStore } from 'react';
import { interrupted } from '../api/live.ts';
import { IconButton } from '../ui/button.tsx';
import { signOut } from './session.ts';
import { ShortcutHelp } from './shortcut-help.tsx';
import { useShortcuts } from './shortcuts.ts';
import { nextTheme, theme } from './theme.ts';
import { useViewer } from './viewer.tsx';

/** The screens, in the order of the navigation; `key` follows `g` on the keyboard. */
const SCREENS = [
  { to: '/runs', label: 'Runs', icon: ListTree, key: 'r' },
  { to: '/dead-letters', label: 'Dead letters', icon: Skull, key: 'd' },
  { to: '/jobs', label: 'Jobs', icon: Boxes, key: 'j' },
  { to: '/workflows', label: 'Workflows', icon: Workflow, key: 'w' },
  { to: '/schedules', label: 'Schedules', icon: CalendarClock, key: 's' },
  { to: '/batches', label: 'Batches', icon: Layers, key: 'b' },
  { to: '/keys', label: 'API keys', icon: KeyRound, key: 'k' },
  { to: '/webhooks', label: 'Webhooks', icon: Webhook, key: 'h' },
  { to: '/system', label: 'System', icon: Activity, key: 'y' },
] as const;

/** The screen of the navigation that an address belongs to: `/jobs` for `/jobs/…`, `/workflows` for a workflow run. */
function homeOf(path: string): string {
  const first = `/${path.split('/', 2)[1]}`;
  return first === '/workflow-runs' ? '/workflows' : first;
}

const THEME_ICON = { system: SunMoon, light: Sun, dark: Moon };

/** What is around every screen: navigation, project, theme, keyboard help, and whether the live connection stands. */
export function Shell() {
  const [open, setOpen] = useState(false);
  const [help, setHelp] = useState(false);
  const navigate = useNavigate();
  useShortcuts([
    ...SCREENS.map(({ to, label, key }) => ({ keys: `g ${key}`, label: `Go to ${label}`, run: () => void navigate({ to }) })),
    { keys: '?', label: 'Show the shortcuts', run: () => setHelp(true) },
  ]);
  return (
    <div className="flex h-full">
      <a href="#screen" className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:m-2 focus:bg-surface focus:p-2">
        Skip to the screen
      </a>
      <Navigation open={open} onClose={() => setOpen(false)} onHelp={() => setHelp(true)} />
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="flex items-center gap-2 border-b bg-surface px-2 py-1 md:hidden">
          <IconButton label="Open the navigation" onClick={() => setOpen(true)} icon={MenuIcon} />
          <span className="font-semibold">Baton</span>
        </header>
        <Interruption />
        <main id="screen" tabIndex={-1} className="relative min-h-0 flex-1 overflow-auto outline-none">
          <Outlet />
        </main>
      </div>
      <ShortcutHelp open={help} onClose={() => setHelp(false)} />
    </div>
  );
}

interface NavigationProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onHelp: () => void;
}

function Navigation({ open, onClose, onHelp }: NavigationProps) {
  const { project } = useViewer();
  const home = homeOf(useLocation({ select: ({ pathname }) => pathname }));
  const chosen = useSyncExternalStore(theme.subscribe, theme.get);
  const leave = async () => {
    await signOut();
    location.assign('/');
  };
  return (
    <>
      {open ? (
        <button
          type="button"
          aria-label="Close the navigation"
          className="fixed inset-0 z-10 bg-black/45 md:hidden"
          onClick={onClose}
        />
      ) : null}
      <nav
        aria-label="Screens"
        className={`${open ? 'flex' : 'hidden'} fixed inset-y-0 left-0 z-10 w-52 flex-col border-r bg-surface md:static md:flex`}
      >
        <div className="px-4 py-3">
          <div className="text-base font-semibold">Baton</div>
          <div className="truncate text-muted" title={project.id}>
            {project.name}
          </div>
        </div>
        <ul className="flex-1 overflow-y-auto px-2">
          {SCREENS.map(({ to, label, icon: Icon }) => (
            <li key={to}>
              <Link
                to={to}
                onClick={onClose}
                className={`flex items-center gap-2 rounded-md px-2 py-1.5 hover:bg-hover ${to === home ? 'bg-accent-soft font-medium text-accent' : ''}`}
                aria-current={to === home ? 'page' : undefined}
              >
                <Icon aria-hidden className="size-4" />
                {label}
              </Link>
            </li>
          ))}
        </ul>
        <ul className="border-t p-2 text-muted">
          <li>
            <a
              href="/graphql"
              target="_blank"
              rel="noreferrer"
              className="flex items-center gap-2 rounded-md px-2 py-1 hover:bg-hover"
            >
              <SquareTerminal aria-hidden className="size-4" /> GraphiQL
            </a>
          </li>
          <li>
            <a
              href="/docs"
              target="_blank"
              rel="noreferrer"
              className="flex items-center gap-2 rounded-md px-2 py-1 hover:bg-hover"
            >
              <BookOpen aria-hidden className="size-4" /> REST reference
            </a>
          </li>
        </ul>
        <div className="flex gap-1 border-t p-2">
          <IconButton
            label={`Theme: ${chosen}. Change it`}
            icon={THEME_ICON[chosen]}
            onClick={() => theme.set(nextTheme(chosen))}
          />
          <IconButton label="Keyboard shortcuts" icon={Keyboard} onClick={onHelp} />
          <IconButton label="Sign out" icon={LogOut} onClick={() => void leave()} />
        </div>
      </nav>
    </>
  );
}

/** Says when what is shown may be old; it mends itself. */
function Interruption() {
  const count = useSyncExternalStore(interrupted.subscribe, interrupted.get);
  return (
    <div role="status" aria-live="polite">
      {count > 0 ? (
        <div className="bg-warn-soft px-4 py-1 text-warn">
          The live connection is interrupted; it is being restored and misses nothing.
        </div>
      ) : null}
    </div>
  );
}
