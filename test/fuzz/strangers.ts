import { randomBytes } from "node:crypto";
import { cursorOf } from "../../src/kernel/page.ts";
import type { Principal } from "../../src/kernel/principal.ts";
import { createApiKey } from "../../src/planes/account/operations/create-api-key.ts";
import { createBucket } from "../../src/planes/account/operations/create-bucket.ts";
import { createEnvironment } from "../../src/planes/account/operations/create-environment.ts";
import { inviteMember } from "../../src/planes/account/operations/invite-member.ts";
import { createEvent } from "../../src/planes/traffic/operations/create-event.ts";
import { replayWebhooks } from "../../src/planes/webhooks/operations/replay-webhooks.ts";
import { bringIn } from "../captured.ts";
import type { MadeEndpoint, RunningWorld } from "../running-world.ts";
import { principalOf } from "../world.ts";
import { known, type Known } from "./known.ts";

/** Somebody, what is there for them to name, and what they must never be told. */
export type Stranger = {
  readonly name: string;
  readonly principal: Principal;
  /** What exists, their own and others', by the field that names it. */
  readonly known: Known;
  /** Texts that stand in what is not theirs and nowhere else. */
  readonly secret: readonly string[];
  /** Those of them that are ids: naming one must be as naming one that never was. */
  readonly ids: readonly string[];
};

type Marked = { readonly ids: readonly string[]; readonly texts: readonly string[]; readonly known: Known };

/** A text that stands nowhere else; it goes into names, and from there into slugs. */
function newMark(): string {
  return `mark${randomBytes(8).toString("hex")}`;
}

/** One who may do everything in a workspace beside another, and one confined to a part of theirs. */
export async function strangers(world: RunningWorld): Promise<readonly Stranger[]> {
  const own = await world.newWorkspace();
  const other = await world.newWorkspace();
  const owned = await known(world, own);
  const foreign = await everything(world, other);
  const outside = await traffic(world, own, { environment: "production", bucket: "shop" });
  const beside = await traffic(world, own, { environment: "staging", bucket: "default" });
  const inside = await traffic(world, own, { environment: "staging", bucket: "shop" });
  const confines = { environment: "staging", buckets: ["shop"] };
  return [
    {
      name: "one who may do everything in another workspace",
      principal: principalOf(own, "all"),
      known: joined([owned, foreign.known]),
      secret: [...foreign.ids, ...foreign.texts],
      ids: foreign.ids,
    },
    {
      name: "one who is confined to a part of the workspace",
      principal: { ...principalOf(own, "all"), confines },
      known: joined([inside.known, outside.known, beside.known, { workspaceId: [own] }]),
      secret: [outside, beside].flatMap(({ ids, texts }) => [...ids, ...texts]),
      ids: [...outside.ids, ...beside.ids],
    },
  ];
}

/** An endpoint with an event that was delivered, one that was not, and a plan to replay them. */
async function traffic(
  world: RunningWorld,
  workspace: string,
  place: { readonly environment: string; readonly bucket: string },
): Promise<Marked> {
  const [name, body, header, path] = [newMark(), newMark(), newMark(), newMark()];
  const endpoint: MadeEndpoint = await world.endpointIn(workspace, {
    name,
    ...place,
    maxAttempts: 1,
    targetUrl: `${world.target.url}/${path}`,
  });
  const { id, slug } = endpoint;
  const events: string[] = [];
  for (const status of [200, 500]) {
    world.target.answer(() => ({ status, body: body }));
    const arrived = await world.arrive(endpoint, { body: `"${body}"`, headers: [["x-mark", header]] });
    await world.endingOf(workspace, arrived.id);
    events.push(arrived.id);
  }
  world.target.answer(() => ({ status: 200 }));
  const [target, text, note] = [newMark(), newMark(), newMark()];
  const { engines } = world;
  const captured = await bringIn(
    { engines, workspace },
    [500, 200].map((status) => ({
      target: `/${target}`,
      status,
      request: { headers: [["user-agent", text]] as const, text: `{"mark":"${text}"}` },
    })),
    place,
  );
  const marked = { type: "incident", name: note, environment: place.environment, buckets: [place.bucket] };
  const markerId = await idOf(world, workspace, createEvent, marked);
  const plan = await world.call(workspace, replayWebhooks, { endpointId: id, status: "all" });
  const planId = String(plan["planId"]);
  const at = world.clock.now();
  return {
    ids: [id, ...events, planId, ...captured.ids, markerId],
    texts: [name, body, header, path, target, text, note, endpoint.path.split("-").at(-1) ?? ""],
    known: {
      endpointId: [id, slug],
      logId: [...events, 1, "#2", 3],
      logIds: [events],
      planId: [planId],
      cursor: [cursorOf({ startedAt: at, id: events[0] }), cursorOf({ createdAt: at, id })],
      subject: [id],
      environment: [place.environment],
      bucket: [place.bucket],
      slug: [slug],
      requestId: [...captured.ids, "#1", "2", "#3", "4", "#5"],
      marker: [markerId],
      query: [`path:/${target}`, `body:${text}`],
      path: [`/${target}`],
      userAgent: [text],
      target: [new URL(world.target.url).origin],
    },
  };
}

/** What only somebody else's workspace has: traffic, and everything that the account plane keeps of a workspace. */
async function everything(world: RunningWorld, workspace: string): Promise<Marked> {
  const [environment, bucket, keyName, email] = [newMark(), newMark(), newMark(), newMark()];
  const environmentId = await idOf(world, workspace, createEnvironment, { name: environment });
  const bucketId = await idOf(world, workspace, createBucket, { environment, name: bucket });
  const credentialId = await idOf(world, workspace, createApiKey, { name: keyName });
  const invitation = { email: `${email}@example.com`, role: "viewer" };
  const invitationId = await idOf(world, workspace, inviteMember, invitation);
  const marked = await traffic(world, workspace, { environment, bucket });
  const changes = await world.engines.store.audit.list(workspace, { limit: 100 });
  const changeIds = changes.map(({ id }) => id);
  return {
    ids: [...marked.ids, environmentId, bucketId, credentialId, invitationId, ...changeIds, workspace],
    texts: [...marked.texts, environment, bucket, keyName, email],
    known: joined([
      marked.known,
      {
        environmentId: [environmentId],
        bucketId: [bucketId],
        credentialId: [credentialId],
        invitationId: [invitationId],
        changeId: changeIds,
        workspaceId: [workspace],
        before: changeIds,
      },
    ]),
  };
}

async function idOf(
  world: RunningWorld,
  workspace: string,
  it: Parameters<RunningWorld["call"]>[1],
  input: object,
): Promise<string> {
  return String((await world.call(workspace, it, input))["id"]);
}

function joined(all: readonly Known[]): Known {
  const together = new Map<string, readonly unknown[]>();
  for (const some of all)
    for (const [name, values] of Object.entries(some))
      together.set(name, [...(together.get(name) ?? []), ...values]);
  return Object.fromEntries(together);
}
