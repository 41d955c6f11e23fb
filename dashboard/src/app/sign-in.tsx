import { type FormEvent, useState } from 'react';
import { signedOut } from '../api/client.ts';
import { Button } from '../ui/button.tsx';
import { Field, TextInput } from '../ui/field.tsx';
import { signIn } from './session.ts';

/** The way in: an API key, kept by nobody here; the server answers with a session cookie. */
export function SignIn() {
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get('key') ?? '').trim();
    setBusy(true);
    try {
      await signIn({ api_key: key });
      // A full load: nothing of an earlier session, another project's data included, is left in memory.
      signedOut.set(false);
      location.reload();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  }

  return (
    <main className="grid min-h-full place-items-center p-4">
      <form onSubmit={submit} className="grid w-full max-w-sm gap-4 rounded-xl border bg-surface p-6 shadow-sm">
        <h1 className="text-xl font-semibold">Sign in to Baton</h1>
        <Field label="API key" hint="The server prints one at its first start; more are made under Keys." error={problem}>
          {(ids) => <TextInput {...ids} name="key" type="password" autoComplete="current-password" required autoFocus />}
        </Field>
        <Button variant="primary" type="submit" busy={busy}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
