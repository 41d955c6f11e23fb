-- What went wrong, found by its words and grouped by its kind.

-- Runs with an error, newest first: what a search in errors looks at. Most runs have none, and are in no further index.
create index runs_with_error on runs (project_id, created_at desc) where error is not null;

-- The kind of an error of a job: what differs from one occurrence to the next (what is quoted, numbers, ids, hexadecimal) does not count,
-- nor does all beyond the first 500 characters. The same error of two jobs is two kinds.
create function baton_error_group(job uuid, error text) returns uuid language sql immutable parallel safe as $$
  select md5(job::text || ' ' || regexp_replace(regexp_replace(left(coalesce(error, ''), 500),
    '(?<!\w)''[^'']*''|(?<!\w)"[^"]*"|`[^`]*`|\m0x[[:xdigit:]]+\M|\m[[:xdigit:]]{8}(-[[:xdigit:]]{4}){3}-[[:xdigit:]]{12}\M|\m(?=[[:xdigit:]]*\d)[[:xdigit:]]{6,}\M|\d+',
    '?', 'g'), '\s+', ' ', 'g'))::uuid
$$;

-- Dead letters by kind. Computed once for a run that dies, and for no other.
create index runs_dead_by_error on runs (project_id, baton_error_group(job_id, error), created_at desc, id desc)
  where status = 'dead_letter';
