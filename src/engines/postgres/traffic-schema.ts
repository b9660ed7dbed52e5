import type { Part } from "./schema.ts";

const first = `
-- Exchanges and blocks are partitioned by the day in their ids, which are UUIDv7: see partitions.ts.
-- seq is commit order: see commit-order.ts. Content is raw in content, or packed in block, or absent (no headers, no
-- bodies, no response). number is unique in the workspace because of how it is given, see numbering.
create table exchange (
  id uuid primary key,
  seq bigint not null,
  number bigint,
  workspace text not null,
  environment text not null,
  bucket text not null,
  plane text not null,
  kind text not null,
  subject text not null,
  parent uuid,
  trace uuid,
  started_at bigint not null,
  duration_ms double precision not null,
  method text not null,
  host text not null,
  path text not null,
  route text not null,
  status integer,
  outcome text not null,
  attempt integer,
  error text,
  ending text,
  received_at bigint not null,
  facts text,
  block uuid,
  block_at integer,
  block_bytes integer,
  content bytea
) partition by range (id);
alter table exchange alter content set storage external;
create index exchange_seq on exchange (seq);
create index exchange_list on exchange (workspace, subject, started_at, id)
  include (plane, kind, environment, bucket, outcome, status, duration_ms, ending);
create index exchange_recent on exchange (workspace, started_at, id);
create index exchange_attempt on exchange (parent) where attempt is not null;
create index exchange_ending on exchange (workspace, ending, subject, received_at) where ending is not null;
create index exchange_number on exchange (workspace, number) where number is not null;

-- The contents of up to 64 exchanges of one day, one after another, as one zstd frame. Its id is a UUIDv7 of that day.
-- exchanges: how many still point here.
create table block (
  id uuid primary key,
  exchanges integer not null,
  data bytea not null
) partition by range (id);
alter table block alter data set storage external;

-- Up to which position contents are sealed, or redacted since. Who holds the lock on the row seals.
create table sealing (
  seq bigint not null
);
insert into sealing (seq) values (0);

-- Days (whole numbers since the epoch, UTC) in whose files there may be content that was redacted.
create table remnant (
  day integer primary key
);

-- Claimed jobs have a claim (the fencing token) and the time until which it holds.
create table job (
  id text collate "C" primary key,
  workspace text not null,
  name text not null,
  payload text not null,
  lane text collate "C" not null,
  key text collate "C",
  due_at bigint not null,
  attempt integer not null,
  exchange uuid not null,
  received_at bigint not null,
  subject text not null,
  claim text,
  claimed_until bigint
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
create index job_waiting on job (lane, due_at, id) where claim is null;
create index job_claimed on job (lane, claimed_until) where claim is not null;
create index job_key on job (lane, key, due_at, id) where key is not null;
create index job_received on job (workspace, received_at);
create index job_exchange on job (exchange);

-- hold_until: null = not held, 9e15 = until resumed. claim_limit: null = the default. claims grows with each statement
-- that claims from the lane: who locks the row and finds it as its own snapshot has it knows all claims of the lane.
create table lane (
  name text collate "C" primary key,
  hold_until bigint,
  claim_limit integer,
  claims bigint not null default 0
) with (fillfactor = 50);

create table used (
  key text collate "C" primary key,
  expires_at bigint not null,
  exchange uuid
);
create index used_expiry on used (expires_at);

-- The greatest short number of each workspace that was allotted to some node.
create table numbering (
  workspace text collate "C" primary key,
  last bigint not null
);

-- A sum is spread over slots, so that commits at the same moment do not wait for one row.
create table tally (
  key text collate "C" not null,
  slot integer not null,
  amount double precision not null,
  primary key (key, slot)
) with (fillfactor = 50);

-- What is added to transaction ids to get positions, so that they go on growing in a database restored elsewhere.
create table epoch (
  base bigint not null
);
insert into epoch (base) values (0);

-- Figures of the exchanges up to rolled.position, by hour of started_at (hour: its start in ms). class: hundreds of the
-- status, -1 where there was no answer. durations: an encoded Histogram. Who adds to rollups or takes from them holds the
-- lock on rolled.
create table rolled (
  position bigint not null
);
insert into rolled (position) values (0);
create table rollup (
  workspace text not null,
  subject text not null,
  hour bigint not null,
  kind text not null,
  plane text not null,
  environment text not null,
  bucket text not null,
  class integer not null,
  outcome text not null,
  count bigint not null,
  last bigint not null,
  durations bytea not null,
  primary key (workspace, subject, hour, kind, plane, environment, bucket, class, outcome)
) with (fillfactor = 70);

-- The endings that those exchanges carry, by subject and kind of the event and hour of received_at.
create table ending_rollup (
  workspace text not null,
  subject text not null,
  hour bigint not null,
  kind text not null,
  ending text not null,
  count bigint not null,
  primary key (workspace, subject, hour, kind, ending)
) with (fillfactor = 70);

-- Exchanges were removed of what started, and of what was received, before these ends of hours: no rollup from before
-- them counts, and what is left from before them is counted as rows.
create table unrolled (
  workspace text not null,
  subject text not null,
  started_before bigint not null,
  received_before bigint not null,
  primary key (workspace, subject)
);
`;

const summaries = `
-- The transaction that took the key, so that an entry which is committed again can tell that it was not this one.
alter table used add column taken bigint;

-- Figures of calls as entries brought them, until they are folded. first, last: the minutes they are of. series: see
-- stored/series.ts, minutes from first on.
create table summary (
  id uuid primary key,
  workspace text not null,
  environment text not null,
  bucket text not null,
  first bigint not null,
  last bigint not null,
  series bytea not null
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);
alter table summary alter series set storage external;

-- What was folded, by minute, quarter and whole hour; grain: which of them, at: its start, both in ms. Each holds all
-- of what it lasts. total: series by status and outcome alone; detail: all of them. Who folds holds the lock on rolled.
create table interval_summary (
  workspace text not null,
  grain bigint not null,
  at bigint not null,
  bucket text not null,
  environment text not null,
  total bytea not null,
  detail bytea not null,
  primary key (workspace, grain, at, bucket, environment)
) with (fillfactor = 70);
alter table interval_summary alter total set storage external, alter detail set storage external;
`;

/** Tables of `traffic`, which writes them, and `ledger`, which reads them. */
export const trafficPart: Part = {
  name: "traffic",
  migrations: [
    { sql: first, needs: 1 },
    { sql: summaries, needs: 1 },
  ],
};

/** Every column of an exchange but where its content is. */
export const exchangeColumns = [
  "id",
  "seq",
  "number",
  "workspace",
  "environment",
  "bucket",
  "plane",
  "kind",
  "subject",
  "parent",
  "trace",
  "started_at",
  "duration_ms",
  "method",
  "host",
  "path",
  "route",
  "status",
  "outcome",
  "attempt",
  "error",
  "ending",
  "received_at",
  "facts",
] as const;
