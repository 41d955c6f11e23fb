/** A message for a URL of a user's, signed by the rules of Standard Webhooks. */
export interface SignedPost {
  readonly url: string;
  /** JSON text. */
  readonly body: string;
  /** The same whenever the message is sent again. */
  readonly messageId: string;
  /** `whsec_` and the base64 of the key; a secret without that prefix is itself the key. */
  readonly signingSecret: string;
  /** What its owner wants sent along; none of them is a header of ours. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What became of one message. */
export interface PostAnswer {
  /** Null when it was answered with a 2xx, else why it was not, in words for people. */
  readonly fault: string | null;
  /** The HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** The beginning of the answer's text. */
  readonly excerpt: string;
  /** How long the receiver asks us to stay away. */
  readonly retryAfterMs: number | null;
  /** The URL is one that must not be called: trying again is of no use. */
  readonly blocked: boolean;
}

/** Sends one message once. Never throws. */
export type PostSigned = (message: SignedPost, signal: AbortSignal) => Promise<PostAnswer>;
