import { cursorOf } from "../../src/kernel/page.ts";
import type { Principal } from "../../src/kernel/principal.ts";
import { createApiKey } from "../../src/planes/account/operations/create-api-key.ts";
import { createBucket } from "../../src/planes/account/operations/create-bucket.ts";
import { createEnvironment } from "../../src/planes/account/operations/create-environment.ts";
import { createMcpToken } from "../../src/planes/account/operations/create-mcp-token.ts";
import { inviteMember } from "../../src/planes/account/operations/invite-member.ts";
import { createEvent } from "../../src/planes/traffic/operations/create-event.ts";
import { replayWebhooks } from "../../src/planes/webhooks/operations/replay-webhooks.ts";
import { bringIn } from "../captured.ts";
import type { MadeEndpoint, RunningWorld } from "../running-world.ts";
import { principalOf } from "../world.ts";
import { known, type Known } from "./known.ts";
import { idNames, markNames, newMark, numberNames, tokenNames, type Names } from "./likeness.ts";
import { mcpTeller, type McpTeller } from "./mcp-teller.ts";

/** Somebody, what is there for them to name, and what they must never be told. */
export type Stranger = {
  readonly name: string;
  readonly principal: Principal;
  /** Where they may make something. */
  readonly place: Place;
  /** What exists, their own and others', by the field that names it. */
  readonly known: Known;
  /** Texts that stand in what is not theirs and nowhere else. */
  readonly secret: readonly string[];
  /** What names something that is not theirs: naming it must be as naming one that never was. */
  readonly names: Names;
  /** Who has what is not theirs, in a session over MCP. */
  readonly other: McpTeller;
};

type Place = { readonly environment: string; readonly bucket: string };

/** What there is, by the form of the texts that stand in it alone. */
type Marked = {
  readonly ids: readonly string[];
  readonly marks: readonly string[];
  /** Of addresses. */
  readonly tokens: readonly string[];
  readonly numbers: readonly number[];
  readonly known: Known;
};

/** One who may do everything in a workspace beside another, and one confined to a part of theirs. */
export async function strangers(world: RunningWorld): Promise<readonly Stranger[]> {
  const { engines } = world;
  const own = await world.newWorkspace();
  const away = await world.newWorkspace();
  const owned = await known(world, own);
  const foreign = await everything(world, away);
  const [far, near, shop] = [newMark(), newMark(), newMark()];
  const outside = await part(world, own, { environment: "production", bucket: far });
  const beside = await part(world, own, { environment: "staging", bucket: near });
  const inside = await part(world, own, { environment: "staging", bucket: shop });
  const both = { type: "scale", name: newMark(), environment: "staging", buckets: [shop, near] };
  await idOf(world, own, createEvent, both);
  const confined = { ...principalOf(own, "all"), confines: { environment: "staging", buckets: [shop] } };
  const id = "key_confined";
  return [
    stranger([foreign], {
      name: "one who may do everything in another workspace",
      principal: principalOf(own, "all"),
      place: { environment: "production", bucket: "default" },
      known: joined([owned, foreign.known]),
      other: await mcpTeller(principalOf(away, "all"), engines),
    }),
    // Short numbers are the workspace's, so they name what is not theirs to this one alone.
    stranger([outside, beside], {
      name: "one who is confined to a part of the workspace",
      principal: { ...confined, actor: { kind: "key", id }, credential: { kind: "api-key", id } },
      place: { environment: "staging", bucket: shop },
      known: joined([inside.known, outside.known, beside.known, { workspaceId: [own] }]),
      other: await mcpTeller(principalOf(own, "all"), engines),
    }),
  ];
}

function stranger(
  theirs: readonly Marked[],
  { other, ...rest }: Pick<Stranger, "name" | "principal" | "place" | "known" | "other">,
): Stranger {
  const ids = [...theirs.flatMap((it) => it.ids), other.session];
  const marks = theirs.flatMap((it) => it.marks);
  const tokens = theirs.flatMap((it) => it.tokens);
  const names = [
    ...idNames(ids),
    ...markNames(marks),
    ...tokenNames(tokens),
    ...numberNames(theirs.flatMap((it) => it.numbers)),
  ];
  return { ...rest, other, secret: [...ids, ...marks, ...tokens], names: new Map(names) };
}

/** An endpoint with an event that was delivered, one that was not, and a plan to replay them. */
async function traffic(world: RunningWorld, workspace: string, place: Place): Promise<Marked> {
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
  const numbers = await Promise.all(
    [...events, ...captured.ids].map(
      async (it) => (await engines.ledger.get(workspace, { id: it }))?.number ?? 0,
    ),
  );
  const marked = { type: "incident", name: note, environment: place.environment, buckets: [place.bucket] };
  const markerId = await idOf(world, workspace, createEvent, marked);
  const plan = await world.call(workspace, replayWebhooks, { endpointId: id, status: "all" });
  const planId = String(plan["planId"]);
  const at = world.clock.now();
  return {
    ids: [id, ...events, planId, ...captured.ids, markerId],
    marks: [name, body, header, path, target, text, note],
    tokens: [endpoint.path.split("-").at(-1) ?? ""],
    numbers,
    known: {
      endpointId: [id, slug],
      logId: [...events, ...numbers.map((number) => `#${number}`)],
      logIds: [events],
      planId: [planId],
      cursor: [cursorOf({ startedAt: at, id: events[0] }), cursorOf({ createdAt: at, id })],
      subject: [id],
      environment: [place.environment],
      bucket: [place.bucket],
      slug: [slug],
      name: [name, note],
      requestId: [...captured.ids, ...numbers.map((number) => `#${number}`)],
      marker: [markerId],
      query: [`path:/${target}`, `body:${text}`],
      path: [`/${target}`],
      userAgent: [text],
      target: [new URL(world.target.url).origin],
      targetUrl: [world.target.url],
    },
  };
}

/** A bucket that is made for it, with traffic and a token that is confined to it. */
async function part(world: RunningWorld, workspace: string, place: Place): Promise<Marked> {
  const { environment, bucket } = place;
  const bucketId = await idOf(world, workspace, createBucket, { environment, name: bucket });
  const token = newMark();
  const confined = { name: token, environment, buckets: [bucket] };
  const credentialId = await idOf(world, workspace, createMcpToken, confined);
  const marked = await traffic(world, workspace, place);
  return {
    ...marked,
    ids: [...marked.ids, bucketId, credentialId],
    marks: [...marked.marks, bucket, token],
    known: joined([
      marked.known,
      { bucketId: [bucketId], credentialId: [credentialId], buckets: [[bucket]], name: [bucket, token] },
    ]),
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
    ...marked,
    ids: [...marked.ids, environmentId, bucketId, credentialId, invitationId, ...changeIds, workspace],
    marks: [...marked.marks, environment, bucket, keyName, email],
    // Their numbers are those of others' as well: every workspace counts from 1.
    numbers: [],
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
        name: [environment, bucket, keyName],
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
