/** A refusal to sign in, for people. */
export class SignInError extends Error {}

/** What a person or a link may sign in with. */
export type Credential = { readonly api_key: string } | { readonly token: string };

/** Opens a session: its cookie is not readable from here. Throws a {@link SignInError} in words. */
export async function signIn(credential: Credential): Promise<void> {
  const response = await fetch('/session', {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credential),
  }).catch(() => {
    throw new SignInError('The server does not answer. Is it running?');
  });
  if (response.ok) return;
  const body: unknown = await response.json().catch(() => null);
  const told =
    typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : `The server answered ${response.status}.`;
  throw new SignInError(told);
}

/** Ends the session on the server and in this browser. */
export async function signOut(): Promise<void> {
  await fetch('/session', { method: 'DELETE', credentials: 'same-origin' });
}

/**
 * Redeems the one-time token of a printed link (`/#token=…`) and takes it out of the address, whether it was good or not. The part behind
 * `#` is never sent to a server and never in a log.
 */
export async function redeemLink(): Promise<string | null> {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token === null) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  try {
    await signIn({ token });
    return null;
  } catch (error) {
    return error instanceof SignInError ? error.message : String(error);
  }
}
