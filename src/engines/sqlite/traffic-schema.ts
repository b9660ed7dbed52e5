import { namedAs } from "./named-column.ts";

/**
 * Set on every connection before anything else; `page_size` only takes effect on a new file. What is deleted or replaced
 * is overwritten with zeros (`secure_delete`): pages that are free would keep it until they are used again.
 */
export const trafficPragmas = `
pragma page_size = 8192;
pragma journal_mode = wal;
pragma synchronous = full;
pragma wal_autocheckpoint = 0;
pragma cache_size = -65536;
pragma temp_store = memory;
pragma secure_delete = on;
`;

const first = `
-- Texts that repeat are stored once and known by their id. The first five are the endings, see endingCode.
create table name (
  id integer primary key,
  text text not null unique
) strict;
insert into name (id, text) values (1, 'delivered'), (2, 'failed'), (3, 'filtered'), (4, 'duplicate'), (5, 'rejected');

-- seq is commit order and never given twice, so that a follower that is past a removed row misses none after it.
-- Integers in columns that hold texts are ids of names; host and path are names only when they repeat. Ids, parents and traces are the 16 bytes behind their hex text.
-- Content is raw in content, or compressed in block, or absent (no headers, no bodies, no response).
create table exchange (
  seq integer primary key,
  id blob not null,
  number integer,
  workspace integer not null,
  environment integer not null,
  bucket integer not null,
  plane integer not null,
  kind integer not null,
  subject integer not null,
  parent blob,
  trace blob,
  started_at integer not null,
  duration_ms real not null,
  method integer not null,
  host any not null,
  path any not null,
  route integer not null,
  status integer,
  outcome integer not null,
  attempt integer,
  error integer,
  ending integer,
  received_at integer not null,
  facts text,
  block integer,
  block_at integer,
  block_bytes integer,
  content blob
) strict;
create unique index exchange_id on exchange (id);
create index exchange_list on exchange (workspace, subject, started_at, id, plane, kind, environment, bucket,
  outcome, status, duration_ms, ending);
create index exchange_attempt on exchange (parent, ending) where parent is not null and attempt is not null;
create index exchange_ending on exchange (workspace, ending, subject, received_at) where ending is not null;
create unique index exchange_number on exchange (workspace, number) where number is not null;

-- The greatest seq of all exchanges that were removed, so that none is given twice.
create table removal (
  seq integer not null
) strict;
insert into removal (seq) values (0);

-- The contents of up to 64 exchanges, one after another, as one zstd frame. exchanges: how many still point here.
create table block (
  id integer primary key,
  exchanges integer not null,
  data blob not null
) strict;

-- Jobs live in the queue's memory. parked: 1 when there was no room for it there, so that only those are indexed
-- by when they are due.
create table job (
  id text primary key,
  workspace text not null,
  name text not null,
  payload text not null,
  lane text not null,
  key text,
  due_at integer not null,
  attempt integer not null,
  exchange blob not null,
  received_at integer not null,
  subject text not null,
  parked integer
) strict, without rowid;
create index job_parked on job (lane, due_at) where parked is not null;
create index job_received on job (workspace, received_at);

-- hold_until: null = not held, 9e15 = until resumed. claim_limit: null = the default.
create table lane (
  name text primary key,
  hold_until integer,
  claim_limit integer
) strict, without rowid;

create table used (
  key text primary key,
  expires_at integer not null,
  exchange blob not null
) strict, without rowid;
create index used_expiry on used (expires_at);

-- The greatest short number by workspace of all exchanges that were removed, so that none is given twice.
create table numbering (
  workspace integer primary key,
  last integer not null
) strict;

create table tally (
  key text primary key,
  amount real not null
) strict, without rowid;

-- Figures of the exchanges up to seq rolled.position, by hour of started_at (hour: its start in ms). class: hundreds of
-- the status, -1 where there was no answer. durations: an encoded Histogram. Integers that hold texts are ids of names.
create table rolled (
  position integer not null
) strict;
insert into rolled (position) values (0);
create table rollup (
  workspace integer not null,
  subject integer not null,
  hour integer not null,
  kind integer not null,
  plane integer not null,
  environment integer not null,
  bucket integer not null,
  class integer not null,
  outcome integer not null,
  count integer not null,
  last integer not null,
  durations blob not null,
  primary key (workspace, subject, hour, kind, plane, environment, bucket, class, outcome)
) strict, without rowid;

-- The endings that those exchanges carry, by subject and kind of the event and hour of received_at.
create table ending_rollup (
  workspace integer not null,
  subject integer not null,
  hour integer not null,
  kind integer not null,
  ending integer not null,
  count integer not null,
  primary key (workspace, subject, hour, kind, ending)
) strict, without rowid;

-- Exchanges were removed of what started, and of what was received, before these ends of hours: no rollup holds them.
create table unrolled (
  workspace integer not null,
  subject integer not null,
  started_before integer not null,
  received_before integer not null,
  primary key (workspace, subject)
) strict, without rowid;
`;

const summaries = `
-- Figures of calls as entries brought them, until they are folded. first, last: the minutes they are of. series: see
-- stored/series.ts, minutes from first on. Integers that hold texts are ids of names.
create table summary (
  id integer primary key,
  workspace integer not null,
  environment integer not null,
  bucket integer not null,
  first integer not null,
  last integer not null,
  series blob not null
) strict;

-- What was folded, by minute, quarter and whole hour; grain: which of them, at: its start, both in ms. Each holds all
-- of what it lasts. total: series by status and outcome alone; detail: all of them.
create table interval_summary (
  workspace integer not null,
  grain integer not null,
  at integer not null,
  bucket integer not null,
  environment integer not null,
  total blob not null,
  detail blob not null
) strict;
create unique index interval_summary_place on interval_summary (workspace, grain, at, bucket, environment);
`;

/** Forward only: entry n brings a file from `user_version` n to n + 1. Never edit one that was released. */
export const trafficMigrations: readonly string[] = [first, summaries];

/** Every column of an exchange but its content, as it is stored. */
export const storedColumns =
  "seq id number workspace environment bucket plane kind subject parent trace started_at duration_ms method host path route status outcome attempt error ending received_at facts".split(
    " ",
  );

const namedColumns = new Set([
  "workspace",
  "environment",
  "bucket",
  "plane",
  "kind",
  "subject",
  "method",
  "host",
  "path",
  "route",
  "outcome",
  "error",
]);
const idColumns = new Set(["id", "parent", "trace"]);

/** The columns that `exchangeOf` reads by name. */
export const exchangeColumns = storedColumns.map(readColumn).join(", ");

function readColumn(name: string): string {
  const column = `exchange.${name}`;
  if (namedColumns.has(name)) return namedAs(column, name);
  return idColumns.has(name) ? `lower(hex(${column})) as ${name}` : column;
}

/** The id of the name that the parameter gives; null, which equals nothing, when no exchange has ever had it. */
export const named = "(select name.id from name where name.text = ?)";

/**
 * The start of a query for exchanges with their content, and `more` columns; add `where …`. `content_of` is a function
 * of the reader connections that cuts one exchange's content out of a block.
 */
export function selectWithContent(...more: readonly string[]): string {
  return `select ${[exchangeColumns, content, ...more].join(", ")}
from exchange left join block on block.id = exchange.block`;
}

const content = `case when exchange.block is null then exchange.content
  else content_of(block.id, block.data, exchange.block_at, exchange.block_bytes) end as content`;

/** The start of a query for exchanges without their content; add `where …`. */
export const selectWithoutContent = `select ${exchangeColumns} from exchange`;
