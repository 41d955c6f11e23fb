-- Up Migration

-- Tokens that open one session of the dashboard each; redeeming one deletes it.
create table sign_in_tokens (
  -- SHA-256 of the token.
  hash bytea primary key check (length(hash) = 32),
  -- Whose session it is.
  key_id uuid not null references api_keys (id) on delete cascade,
  expires_at timestamptz not null
);
