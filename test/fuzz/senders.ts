import assert from "node:assert/strict";
import { z } from "zod";
import { exchangeTimeMs } from "../../src/kernel/id.ts";
import { accountForWebhooks } from "../../src/planes/webhooks/operations/account-for-webhooks.ts";
import { setEndpointSecret } from "../../src/planes/webhooks/operations/set-endpoint-secret.ts";
import { updateEndpoint } from "../../src/planes/webhooks/operations/update-endpoint.ts";
import type { RunningWorld } from "../running-world.ts";
import { bytesOf, fakeSecret, fakeVerifyToken, type Arrival, type Doors } from "./arrivals.ts";
import { firstAnswer, sendRaw, type RawAnswer } from "./raw-client.ts";

/** What all senders of a workspace were told, and what they sent of what was accepted. */
export type Senders = {
  /** Sends over a connection of its own, and looks at the answer. */
  send(arrival: Arrival): Promise<void>;
  /** Compares what the senders were told with the account, which must be whole; and what was accepted with what is stored. */
  compare(): Promise<void>;
  readonly doors: Doors;
};

/** An endpoint of each sort in the workspace, delivering to the world's target. */
export async function openSenders(world: RunningWorld, workspace: string): Promise<Senders> {
  const doors: Doors = {
    plain: await world.endpointIn(workspace, { name: "plain" }),
    signed: await world.endpointIn(workspace, { name: "signed", provider: "github" }),
    shaking: await world.endpointIn(workspace, { name: "shaking", provider: "meta" }),
    small: await world.endpointIn(workspace, { name: "small", bodyBytesMax: 1_024 }),
    paused: await world.endpointIn(workspace, { name: "paused" }),
  };
  const secret = (endpointId: string, text: string, use: string) =>
    world.call(workspace, setEndpointSecret, { endpointId, secret: text, use });
  await secret("signed", fakeSecret, "verification");
  await secret("shaking", fakeSecret, "verification");
  await secret("shaking", fakeVerifyToken, "verify_token");
  await world.call(workspace, updateEndpoint, { endpointId: "paused", isActive: false });

  const exists = async (id: string): Promise<boolean> =>
    (await world.engines.store.records.get(workspace, "endpoint", id)) !== undefined;
  const accepted = new Map<string, Buffer>();
  const told = { duplicate: 0, rejected: 0 };
  return {
    doors,
    async send(arrival) {
      const bytes = await sendRaw(world.url, [bytesOf(doors, arrival)], "waits");
      const answer = firstAnswer(bytes);
      assert.ok(answer, `it is answered: ${bytes.toString("latin1").slice(0, 100)}`);
      const { door } = arrival;
      const there = door !== undefined && (await exists(doors[door].id));
      switch (meant(answer, arrival, there)) {
        case "accepted":
          accepted.set(idIn(answer), arrival.body);
          break;
        case "duplicate":
          told.duplicate++;
          break;
        case "rejected":
          told.rejected++;
          break;
        case "no event":
          break;
      }
    },
    async compare() {
      const account = await world.call(workspace, accountForWebhooks, {});
      const { delivered, pending, failed, filtered, duplicate, rejected, received, remainder } =
        Account.parse(account);
      assert.equal(remainder, 0, `unaccounted: ${String(account["unaccounted"])}`);
      assert.equal(received, delivered + pending + failed + filtered + duplicate + rejected);
      assert.deepEqual(
        { accepted: delivered + pending + failed + filtered, duplicate, rejected },
        { accepted: accepted.size, ...told },
        "what the senders were told",
      );
      for (const [id, body] of accepted) {
        const event = await world.engines.ledger.get(workspace, { id });
        assert.ok(event, "what was accepted is stored");
        assert.ok(body.equals(event.request.body?.bytes ?? Buffer.alloc(0)), "as it was sent");
      }
    },
  };
}

const Account = z.object({
  received: z.int(),
  delivered: z.int(),
  pending: z.int(),
  failed: z.int(),
  filtered: z.int(),
  duplicate: z.int(),
  rejected: z.int(),
  remainder: z.int(),
});

/** Statuses of requests to an endpoint that are counted as rejected. */
const rejections: ReadonlySet<number> = new Set([401, 405, 413, 429]);

/** What an answer means in the account. Fails when it is no answer that a sender may be given. */
function meant({ status, headers, body }: RawAnswer, { door, method }: Arrival, there: boolean) {
  const type = headers["content-type"] ?? "";
  assert.ok(status < 500, `${status} ${body}`);
  assert.equal(headers["connection"], "close");
  if (type === "application/problem+json") {
    // The listener itself would not take it as a request.
    if (method !== "HEAD") assert.equal((JSON.parse(body) as { status: unknown }).status, status);
    return "no event";
  }
  if (type.startsWith("text/plain")) {
    assert.equal(door, "shaking", "only that one has a handshake");
    return "no event";
  }
  assert.equal(type, "application/json");
  if (method === "HEAD") assert.equal(body, "");
  else assert.equal((JSON.parse(body) as { ok: unknown }).ok, status === 200);
  if (status === 200) return body.includes('"duplicate":true') ? "duplicate" : "accepted";
  if (!there) {
    assert.ok(status === 404 || status === 429, `${status} at an address that nobody has`);
    return "no event";
  }
  assert.ok(rejections.has(status), `${status} ${body}`);
  return "rejected";
}

function idIn({ body }: RawAnswer): string {
  const { id } = z.object({ id: z.string() }).parse(JSON.parse(body));
  assert.ok(exchangeTimeMs(id) !== undefined, `${id} is an exchange's`);
  return id;
}
