import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { makeClient } from '../api/client.ts';
import { ToastProvider } from '../ui/toast.tsx';
import { router } from './router.tsx';
import { redeemLink } from './session.ts';
import { listenForShortcuts } from './shortcuts.ts';
import './styles.css';
import { applyTheme } from './theme.ts';
import { ViewerGate } from './viewer.tsx';

const root = document.getElementById('app');
if (!root) throw new Error('index.html has no #app');

applyTheme();
listenForShortcuts();
const refusedLink = await redeemLink();

createRoot(root).render(
  <StrictMode>
    <Provider value={makeClient()}>
      <ToastProvider first={refusedLink}>
        <ViewerGate>
          <RouterProvider router={router} />
        </ViewerGate>
      </ToastProvider>
    </Provider>
  </StrictMode>,
);
