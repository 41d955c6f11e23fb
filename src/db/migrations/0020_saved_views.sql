-- What people look at again and again: a screen with its filters, kept for everybody in the project.
create table saved_views (
  id uuid primary key,
  project_id text not null references projects (id),
  name text not null check (length(name) between 1 and 128),
  screen text not null check (length(screen) between 1 and 64),
  -- The search part of the URL of the screen.
  query text not null check (octet_length(query) <= 2048),
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (project_id, screen, name)
);
