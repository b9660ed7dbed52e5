import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { compress } from "hono/compress";
import { routePath } from "hono/route";
import { stream, streamSSE } from "hono/streaming";
import { sluiceRoute } from "../../src/hono.ts";
import { compressedText, listening, thrown, user, type Framework } from "./application.ts";

export const honoApp: Framework = {
  name: "Hono 4",
  missing: null,
  userRoute: "/users/:id",
  tellsErrors: true,
  start(upstream) {
    const app = new Hono();
    app.use(sluiceRoute(routePath));
    app.get("/users/:id", (c) => c.json(user));
    app.post("/echo", async (c) => c.json(await c.req.json<object>()));
    app.get("/throws", () => {
      throw new Error(thrown);
    });
    app.get("/stream", (c) =>
      streamSSE(c, async (out) => {
        for (const data of ["one", "zwei ✓", "three"]) await out.writeSSE({ data });
      }),
    );
    app.post("/unread", (c) => c.text("unread", 202));
    app.get("/endless", (c) => {
      c.header("Content-Type", "text/plain");
      return stream(c, async (out) => {
        await out.write("begun");
        await new Promise<void>((ended) => out.onAbort(ended));
      });
    });
    app.get("/compressed", compress(), (c) => c.text(compressedText));
    app.get("/calls", async (c) => {
      const answer = await fetch(`${upstream}/upstream?n=1`, { method: "POST", body: "asked" });
      return c.text(await answer.text());
    });
    app.onError((_, c) => c.text("broken", 500));
    return listening(createAdaptorServer({ fetch: app.fetch }) as Parameters<typeof listening>[0]);
  },
};
