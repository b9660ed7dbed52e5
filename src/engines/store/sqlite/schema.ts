const first = `
create table record (
  workspace text not null,
  kind text not null,
  id text not null,
  version integer not null,
  created_at integer not null,
  updated_at integer not null,
  deleted_at integer,
  value text not null,
  secrets text not null,
  fingerprints text not null,
  primary key (kind, id)
) strict, without rowid;
create index record_list on record (workspace, kind, created_at, id) where deleted_at is null;
create index record_deleted on record (deleted_at) where deleted_at is not null;

-- The keys and indexes of live records only.
create table record_key (
  workspace text not null,
  kind text not null,
  id text not null,
  name text not null,
  value text not null,
  is_global integer not null
) strict;
create unique index record_key_local on record_key (workspace, kind, name, value) where is_global = 0;
create unique index record_key_global on record_key (kind, name, value) where is_global = 1;
create index record_key_record on record_key (workspace, kind, id);

create table record_index (
  workspace text not null,
  kind text not null,
  name text not null,
  value text not null,
  created_at integer not null,
  id text not null,
  primary key (workspace, kind, name, value, created_at, id)
) strict, without rowid;
create index record_index_record on record_index (workspace, kind, id);

create table history (
  workspace text not null,
  kind text not null,
  id text not null,
  version integer not null,
  at integer not null,
  actor_kind text not null,
  actor_id text not null,
  operation text not null,
  audit text,
  before text,
  after text,
  restores integer,
  primary key (workspace, kind, id, version)
) strict, without rowid;
create index history_at on history (at);
create index history_audit on history (workspace, audit) where audit is not null;

create table entry (
  workspace text not null,
  collection text not null,
  key text not null,
  value text not null,
  expires_at integer not null,
  primary key (workspace, collection, key)
) strict, without rowid;
create index entry_expiry on entry (expires_at);

-- seq is commit order; autoincrement never gives one out again.
create table outbox (
  seq integer primary key autoincrement,
  id text not null unique,
  workspace text not null,
  name text not null,
  payload text not null
) strict;

create table audit (
  seq integer primary key autoincrement,
  id text not null,
  workspace text not null,
  at integer not null,
  actor_kind text not null,
  actor_id text not null,
  operation text not null,
  subjects text not null,
  detail text not null,
  unique (workspace, id)
) strict;
create index audit_list on audit (workspace, seq);
create index audit_operation on audit (workspace, operation, seq);
create index audit_actor on audit (workspace, actor_id, seq);
create index audit_at on audit (at);

create table audit_subject (
  workspace text not null,
  subject text not null,
  seq integer not null references audit (seq) on delete cascade,
  primary key (workspace, subject, seq)
) strict, without rowid;
create index audit_subject_seq on audit_subject (seq);
`;

/** Forward only: entry n brings a file from `user_version` n to n + 1. Never edit one that was released. */
export const storeMigrations: readonly string[] = [first];
