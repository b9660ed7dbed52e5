import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { createEndpoint } from "../../src/planes/webhooks/operations/create-endpoint.ts";
import { restAnswer } from "./asking.ts";
import { engines } from "./engines.ts";
import { eventually } from "./eventually.ts";
import { assertNothingLost } from "./nothing-lost.ts";
import { acceptedAll, sendAll } from "./senders.ts";
import { exampleKey, isReady, startServer } from "./server-process.ts";
import { smallDisk } from "./small-disk.ts";
import { accepting, startTarget } from "./target.ts";

const megabytes = 48;
const webhooks = 10;

// PostgreSQL stops by itself when its own disk is full: what is to be seen then is that it is gone.
for (const engine of engines.filter(({ staysInFolder }) => staysInFolder))
  describe(`${engine.name}: a full disk`, () => {
    test("webhooks and changes are answered 503 while it is full, and everything goes on once there is room", async (t) => {
      const disk = smallDisk(t, megabytes);
      if (typeof disk === "string") return t.skip(disk);
      const target = await startTarget(t);
      const { tables, ...place } = await engine.prepare(t, join(disk.folder, "data"));
      const server = await startServer(t, place);
      const { ingestUrl } = await server.ask(createEndpoint, { name: "roomy", targetUrl: target.url });
      const before = await acceptedAll(ingestUrl, webhooks);
      const scene = { server, tables, target };
      await assertNothingLost(scene, before);

      const mayAnswer = Promise.withResolvers<void>();
      target.behave((response, delivered) => mayAnswer.promise.then(() => accepting(response, delivered)));
      const unrecorded = await acceptedAll(ingestUrl, 5);
      await eventually("every request at the target", async () =>
        unrecorded.every((id) => target.times(id) === 1) ? true : undefined,
      );
      disk.fill();
      const during: string[] = [];
      await eventually("a disk that takes nothing more", async () => {
        const told = await sendAll(ingestUrl, webhooks);
        during.push(...told.accepted);
        return told.refused === webhooks && !(await isReady(server.url)) ? true : undefined;
      });
      mayAnswer.resolve();
      const change = { name: "no room", targetUrl: target.url };
      const refused = await restAnswer({ url: server.url, key: exampleKey }, createEndpoint, change);
      assert.equal(refused.status, 503, JSON.stringify(refused.json));
      assert.equal(
        (await sendAll(ingestUrl, 1)).refused,
        1,
        "what came of the deliveries has no room either",
      );

      disk.free();
      await eventually("readiness", async () => ((await isReady(server.url)) ? true : undefined));
      const after = await acceptedAll(ingestUrl, webhooks);
      await server.ask(createEndpoint, { name: "room again", targetUrl: target.url });
      await assertNothingLost(scene, [...before, ...unrecorded, ...during, ...after]);
      for (const id of unrecorded) assert.equal(target.times(id), 1, "it was recorded, not made again");
    });
  });
