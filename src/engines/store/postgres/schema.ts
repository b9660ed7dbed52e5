import type { Part } from "../../postgres/schema.ts";

const first = `
-- What is listed in the order of ids, keys or names is compared by bytes, as the other databases do.
-- seq is commit order: of the commit that made this version, see feed.
create table record (
  workspace text not null,
  kind text collate "C" not null,
  id text collate "C" not null,
  version bigint not null,
  created_at bigint not null,
  updated_at bigint not null,
  deleted_at bigint,
  value text not null,
  secrets text not null,
  fingerprints text not null,
  seq bigint not null,
  primary key (kind, id)
);
create index record_list on record (workspace, kind, created_at, id) where deleted_at is null;
create index record_live on record (kind, id) where deleted_at is null;
create index record_deleted on record (deleted_at) where deleted_at is not null;
create index record_seq on record (seq, kind, id);

-- The keys and indexes of live records only.
create table record_key (
  workspace text not null,
  kind text collate "C" not null,
  id text collate "C" not null,
  name text not null,
  value text not null,
  is_global integer not null
);
create unique index record_key_local on record_key (workspace, kind, name, value) where is_global = 0;
create unique index record_key_global on record_key (kind, name, value) where is_global = 1;
create index record_key_record on record_key (workspace, kind, id);

create table record_index (
  workspace text not null,
  kind text collate "C" not null,
  name text not null,
  value text not null,
  created_at bigint not null,
  id text collate "C" not null,
  primary key (workspace, kind, name, value, created_at, id)
);
create index record_index_record on record_index (workspace, kind, id);

create table history (
  workspace text not null,
  kind text collate "C" not null,
  id text collate "C" not null,
  version bigint not null,
  at bigint not null,
  actor_kind text not null,
  actor_id text not null,
  operation text not null,
  audit text,
  before text,
  after text,
  restores bigint,
  primary key (workspace, kind, id, version)
);
create index history_at on history (at);
create index history_audit on history (workspace, audit) where audit is not null;

create table entry (
  workspace text not null,
  collection text not null,
  key text collate "C" not null,
  value text not null,
  expires_at bigint not null,
  primary key (workspace, collection, key)
);
create index entry_expiry on entry (expires_at);

-- Here and in audit seq is commit order, because whoever writes a row holds the row of feed.
create table outbox (
  seq bigint generated always as identity primary key,
  id text not null unique,
  workspace text not null,
  name text not null,
  payload text not null
);

create table audit (
  seq bigint generated always as identity primary key,
  id text not null,
  workspace text not null,
  at bigint not null,
  actor_kind text not null,
  actor_id text not null,
  operation text not null,
  subjects text not null,
  detail text not null,
  unique (workspace, id)
);
create index audit_list on audit (workspace, seq);
create index audit_operation on audit (workspace, operation, seq);
create index audit_actor on audit (workspace, actor_id, seq);
create index audit_at on audit (at);

create table audit_subject (
  workspace text not null,
  subject text not null,
  seq bigint not null references audit (seq) on delete cascade,
  primary key (workspace, subject, seq)
);
create index audit_subject_seq on audit_subject (seq);

-- One row, which commits take one after another: the number of the last one.
create table feed (seq bigint not null) with (fillfactor = 10);
insert into feed (seq) values (0);

-- Who does what, until when by the clock of the database.
create table lease (
  name text primary key,
  holder text not null,
  until timestamptz not null
);
`;

/** Tables of the store: nearly those of src/engines/store/sqlite/schema.ts, which it reads with the same statements. */
export const storePart: Part = { name: "store", migrations: [{ sql: first, needs: 1 }] };
