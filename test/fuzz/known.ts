import { cursorOf } from "../../src/kernel/page.ts";
import { createApiKey } from "../../src/planes/account/operations/create-api-key.ts";
import { createBucket } from "../../src/planes/account/operations/create-bucket.ts";
import { createEnvironment } from "../../src/planes/account/operations/create-environment.ts";
import { inviteMember } from "../../src/planes/account/operations/invite-member.ts";
import { createPersonalKey } from "../../src/planes/account/operations/create-personal-key.ts";
import { createAlert } from "../../src/planes/traffic/alerts/operations/create-alert.ts";
import { applyRedactions } from "../../src/planes/traffic/operations/apply-redactions.ts";
import { createEvent } from "../../src/planes/traffic/operations/create-event.ts";
import { allRuleOperations } from "../../src/planes/traffic/rules/rules.ts";
import { replayWebhooks } from "../../src/planes/webhooks/operations/replay-webhooks.ts";
import { bringIn } from "../captured.ts";
import { addMember, addPerson } from "../people.ts";
import type { RunningWorld } from "../running-world.ts";

/** What exists in a world, by the field that names it: so that the operation itself is reached and not its checks alone. */
export type Known = Readonly<Record<string, readonly unknown[]>>;

function ruleOf(create: string): object {
  if (create === "create_redaction")
    return { name: "fuzzed", category: "coupon", match: { field: "coupon" } };
  return {
    name: "fuzzed",
    selection: { path: "/fuzzed/*" },
    ...(create === "create_sampling" && { rate: 0.5 }),
  };
}

/** Fills a workspace with a bit of everything; what is sent to its targets from then on is answered 200. */
export async function known(world: RunningWorld, workspace: string): Promise<Known> {
  const orders = await world.endpointIn(workspace, { maxAttempts: 1 });
  const secured = await world.endpointIn(workspace, { name: "secured", provider: "meta" });
  world.target.answer((request) => ({ status: request.body.length % 2 === 0 ? 200 : 500 }));
  const events: string[] = [];
  for (const body of ["even", "odd"]) events.push((await world.arrive(orders, { body })).id);
  for (const id of events) await world.endingOf(workspace, id);
  world.target.answer(() => ({ status: 200 }));
  await world.arrive(secured);
  const { planId } = await world.call(workspace, replayWebhooks, { endpointId: orders.id, status: "all" });
  const { id: keyId } = await world.call(workspace, createApiKey, { name: "fuzzed" });
  const { id: personal } = await world.call(workspace, createPersonalKey, { name: "fuzzed" });
  const { id: environmentId } = await world.call(workspace, createEnvironment, { name: "fuzzed" });
  const { id: bucketId } = await world.call(workspace, createBucket, { name: "fuzzed" });
  const invited = { email: `invited-${workspace.toLowerCase()}@example.com`, role: "viewer" };
  const { id: invitationId } = await world.call(workspace, inviteMember, invited);
  const members: string[] = [];
  for (const role of ["viewer", "member", "viewer"] as const) {
    const person = await addPerson(world.engines, `${role}-${members.length}-${workspace}`, {
      password: null,
    });
    members.push(await addMember(world.engines, { workspace, user: person.id, role }));
  }
  const { engines } = world;
  const { ids: requests } = await bringIn({ engines, workspace }, [
    { status: 503, method: "POST", request: { text: '{"coupon":"SUMMER"}' } },
    { status: 200 },
  ]);
  const rules = await Promise.all(
    allRuleOperations
      .filter(({ name }) => name.startsWith("create_"))
      .map(
        async (it) =>
          [it.name.slice("create_".length), await world.call(workspace, it, ruleOf(it.name))] as const,
      ),
  );
  const { id: marker } = await world.call(workspace, createEvent, { type: "deployment", name: "1.0" });
  const { runId } = await world.call(workspace, applyRedactions, {});
  const { id: alertId } = await world.call(workspace, createAlert, {
    name: "fuzzed",
    watch: { kind: "error_rate", above: 0.05 },
    targetUrl: world.target.url,
  });
  const changes = await world.engines.store.audit.list(workspace, { limit: 10 });
  const startedAt = world.clock.now();
  return {
    endpointId: [orders.id, orders.slug, secured.id, secured.slug],
    logId: [...events, 1, "#2", "3"],
    logIds: [events, [1, "#2"]],
    planId: [planId],
    credentialId: [keyId, personal],
    environmentId: [environmentId],
    invitationId: [invitationId],
    memberId: members,
    email: ["ada@example.com", "grace@example.com"],
    role: ["viewer", "member"],
    bucketId: [bucketId],
    alertId: [alertId, "fuzzed"],
    watch: [
      { kind: "error_rate", above: 0.05 },
      { kind: "response_time", aboveMs: 500 },
      { kind: "absence" },
      { kind: "remainder" },
    ],
    buckets: [["default"], ["shop"], null],
    scopes: [["endpoints:read"], ["endpoints:read", "logs:read"]],
    toolsets: [["webhooks"], ["pipeline", "traffic"]],
    fields: [["id"], ["changeId"]],
    workspaceId: [workspace],
    targetUrl: [world.target.url, "https://example.com/hooks"],
    provider: ["stripe", "custom", null],
    har: [archive(startedAt), JSON.stringify(archive(startedAt)), { log: { entries: [] } }],
    since: [new Date(startedAt - 3_600_000).toISOString()],
    until: [new Date(startedAt + 1).toISOString(), "received", "ended"],
    cursor: [cursorOf({ startedAt, id: events[0] }), cursorOf({ createdAt: startedAt, id: orders.id })],
    changeId: changes.map(({ id }) => id),
    environment: ["production", "staging"],
    operation: ["create_endpoint"],
    subject: [orders.id],
    actor: ["key_test"],
    secret: ["fake-secret"],
    expectedVersion: [1, 2],
    template: ["/products/{slug}", "/articles/{name}"],
    names: [["search"], ["latest", "top"]],
    verification: [{ eventType: { pointer: "/type" } }],
    requestId: [...requests, "#5"],
    marker: [marker],
    at: ["30m"],
    runId: [runId],
    ...Object.fromEntries(rules.map(([noun, { id }]) => [`${noun}Id`, [id]])),
    query: ["status:5xx AND NOT path:/users/*", "body:SUMMER OR duration>1"],
    step: ["5m", "1h"],
    baseline: ["3h", new URL(world.target.url).origin],
    candidate: [new URL(world.target.url).origin],
    path: ["/orders/*", "/orders/:id"],
    bucket: ["default"],
    selection: [{ path: "/health/*" }, { methods: ["GET"], statuses: ["5xx"] }],
    match: [{ field: "coupon" }, { header: "x-tenant" }, { pattern: "[A-Z]{6}" }, { detector: "card" }],
    category: ["coupon"],
    target: [new URL(world.target.url).origin],
  };
}

/** An HTTP archive of one request. */
function archive(at: number) {
  const request = { method: "GET", url: "https://api.example.com/users/7", headers: [] };
  const response = { status: 200, headers: [], content: { mimeType: "application/json", text: "{}" } };
  return { log: { entries: [{ startedDateTime: new Date(at).toISOString(), time: 5, request, response }] } };
}
