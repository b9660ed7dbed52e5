import type { Part } from "../../postgres/schema.ts";

const first = `
create table budget (
  key text primary key,
  used bigint not null,
  touched_at bigint not null
) with (fillfactor = 50);
create index budget_touched on budget (touched_at);

-- A settled reservation stays for a while, so that its id cannot be settled twice.
create table reservation (
  key text not null,
  id text not null,
  amount bigint not null,
  expires_at bigint not null,
  settled integer not null,
  primary key (key, id)
);
create index reservation_open on reservation (key, expires_at, amount) where settled = 0;
create index reservation_expiry on reservation (expires_at);

-- Nothing is lost when a crash of the server empties it.
create unlogged table rate_window (
  key text not null,
  reset_at bigint not null,
  hits bigint not null,
  primary key (key, reset_at)
) with (fillfactor = 50);
create index rate_window_over on rate_window (reset_at);
`;

export const countersPart: Part = { name: "counters", migrations: [{ sql: first, needs: 1 }] };
