import assert from "node:assert/strict";
import type { Federation, FederationNeeds } from "../src/engines/federation/federation.ts";
import { oidcIdentity } from "../src/engines/identity/oidc.ts";
import { listen } from "../src/engines/inbound/node-http.ts";
import { defaultLimits } from "../src/engines/inbound/inbound.ts";
import { postgresStore } from "../src/engines/store/postgres.ts";
import { storePart } from "../src/engines/store/postgres/schema.ts";
import type { Store } from "../src/engines/store/store.ts";
import { newId } from "../src/kernel/id.ts";
import { callbackPath } from "../src/planes/account/people/external-journey.ts";
import { identityNeeds } from "../src/planes/account/oauth/identity-needs.ts";
import { account } from "../src/planes/account/plane.ts";
import type { Role } from "../src/planes/account/people/role.ts";
import { newSignInLink } from "../src/planes/account/people/sign-in-link.ts";
import type { UserRow } from "../src/planes/account/people/user.ts";
import { users } from "../src/planes/account/people/users.ts";
import type { Engines } from "../src/registry/engines.ts";
import { browser, type Browser } from "./browser.ts";
import { schemaPlace } from "./engines/places.ts";
import { addMember, addPerson } from "./people.ts";
import { openWorld, type World } from "./world.ts";

/** Where configuration is stored in a test of people. */
export const stores = ["SQLite", "PostgreSQL"] as const;

export { examplePassword } from "./people.ts";

/** A world whose account pages are served over HTTP. */
export type PeopleWorld = World & {
  readonly url: string;
  newBrowser(): Browser;
  /** Somebody who has `examplePassword`, or none. */
  newPerson(name: string, given?: { readonly password: null }): Promise<UserRow>;
  join(workspace: string, user: string, role: Role): Promise<string>;
  /** The path of a new one-time link. */
  newLink(user: string): Promise<string>;
};

type Given = {
  readonly on?: (typeof stores)[number];
  /** Somebody else who vouches for people; as it is told of where the server listens. */
  readonly provider?: (needs: Pick<FederationNeeds, "redirectUri" | "send" | "clock" | "log">) => Federation;
  /** As the server believes; where it listens unless given. */
  readonly publicUrl?: string;
};

export async function openPeopleWorld({
  on = "SQLite",
  publicUrl,
  provider,
}: Given = {}): Promise<PeopleWorld> {
  const world = await openWorld();
  const store = on === "SQLite" ? world.engines.store : await postgres(world);
  let url = "";
  const settings = {
    ...world.engines.settings,
    get publicUrl() {
      return publicUrl ?? url;
    },
  };
  const { clock, log, outbound } = world.engines;
  const redirectUri = (): string => `${settings.publicUrl}${callbackPath}`;
  const federation = provider?.({ redirectUri, send: outbound.send, clock, log }) ?? null;
  const mechanisms = { ...world.engines, store, settings, federation };
  const engines: Engines = { ...mechanisms, identity: oidcIdentity(identityNeeds(mechanisms)) };
  const { routes } = await account.start(engines);
  const inbound = await listen({
    host: "127.0.0.1",
    port: 0,
    routes,
    app: null,
    limits: defaultLimits,
    clock: engines.clock,
    log: engines.log,
  });
  url = inbound.url;
  const people = users(engines);
  return {
    ...world,
    engines,
    url,
    newBrowser: () => browser(url),
    newPerson: (name, given) => addPerson(engines, name, given),
    join: (workspace, user, role) => addMember(engines, { workspace, user, role }),
    async newLink(id) {
      const row = await people.byId(id);
      assert.ok(row);
      const { link } = await newSignInLink(engines, row, {
        actor: { kind: "system", id: newId("test") },
        membership: null,
      });
      return link.reveal().slice(settings.publicUrl.length);
    },
    async close() {
      await inbound.close(0);
      if (on === "PostgreSQL") await store.close();
      await world.close();
    },
  };
}

async function postgres({ clock, engines }: World): Promise<Store> {
  const store = await (await schemaPlace(storePart, postgresStore)).open(clock);
  // Workspaces that the world makes are made in the other store.
  Object.assign(engines, { store });
  return store;
}
