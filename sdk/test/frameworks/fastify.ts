import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import fastify from "fastify";
import { compressedText, events, thrown, user, type Framework } from "./application.ts";

export const fastifyApp: Framework = {
  name: "Fastify 5",
  missing: null,
  userRoute: "/users/:id",
  tellsErrors: true,
  async start(upstream) {
    const app = fastify();
    app.get("/users/:id", () => user);
    app.post("/echo", (request) => request.body);
    app.get("/throws", () => {
      throw new Error(thrown);
    });
    app.get("/stream", (_, reply) => reply.type("text/event-stream").send(Readable.from(events)));
    app.post("/unread", (_, reply) => reply.code(202).send("unread"));
    app.get("/endless", (_, reply) => {
      reply.hijack();
      reply.raw.writeHead(200, { "Content-Type": "text/plain" }).write("begun");
    });
    app.get("/compressed", (_, reply) => {
      const gzip = createGzip();
      gzip.end(compressedText);
      return reply.type("text/plain").header("Content-Encoding", "gzip").send(gzip);
    });
    app.get("/calls", async () => {
      const answer = await fetch(`${upstream}/upstream?n=1`, { method: "POST", body: "asked" });
      return answer.text();
    });
    const url = await app.listen({ port: 0, host: "127.0.0.1" });
    return {
      url,
      async close() {
        app.server.closeAllConnections();
        await app.close();
      },
    };
  },
};
