/** A message for a URL of a user's, signed by the rules of Standard Webhooks. */
export interface SignedPost {
  readonly url: string;
  /** JSON text. */
  readonly body: string;
  /** The same whenever the message is sent again. */
  readonly messageId: string;
  readonly signingSecret: string;
}

/** Sends one message once: null when it was answered with a 2xx, else why it was not, in words for people. Never throws. */
export type PostSigned = (message: SignedPost, signal: AbortSignal) => Promise<string | null>;
