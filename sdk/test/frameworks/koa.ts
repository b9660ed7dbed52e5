import { createServer } from "node:http";
import { Readable } from "node:stream";
import { json } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import Router from "@koa/router";
import Koa from "koa";
import { sluiceRoute } from "../../src/koa.ts";
import { compressedText, events, listening, thrown, user, type Framework } from "./application.ts";

export const koaApp: Framework = {
  name: "Koa 3",
  missing: null,
  userRoute: "/users/:id",
  tellsErrors: true,
  start(upstream) {
    const app = new Koa();
    const router = new Router();
    router.get("/users/:id", (ctx) => void (ctx.body = user));
    router.post("/echo", async (ctx) => void (ctx.body = await json(ctx.req)));
    router.get("/throws", () => {
      throw new Error(thrown);
    });
    router.get("/stream", (ctx) => {
      ctx.type = "text/event-stream";
      ctx.body = Readable.from(events);
    });
    router.post("/unread", (ctx) => {
      ctx.status = 202;
      ctx.body = "unread";
    });
    router.get("/endless", (ctx) => {
      ctx.type = "text/plain";
      const endless = new Readable({ read: () => {} });
      endless.push("begun");
      ctx.body = endless;
    });
    router.get("/compressed", (ctx) => {
      const gzip = createGzip();
      gzip.end(compressedText);
      ctx.type = "text/plain";
      ctx.set("Content-Encoding", "gzip");
      ctx.body = gzip;
    });
    router.get("/calls", async (ctx) => {
      const answer = await fetch(`${upstream}/upstream?n=1`, { method: "POST", body: "asked" });
      ctx.body = await answer.text();
    });
    app.use(sluiceRoute).use(router.routes());
    app.silent = true;
    return listening(createServer(app.callback()));
  },
};
