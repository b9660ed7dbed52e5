import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { json, text } from "node:stream/consumers";
import { createGzip } from "node:zlib";
import { compressedText, events, listening, thrown, user, type Framework } from "./application.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, called: string) => unknown;

const handlers: Readonly<Record<string, Handler>> = {
  "GET /users/7": (_, response) =>
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(user)),
  async "POST /echo"(request, response) {
    const body = await json(request);
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(body));
  },
  "GET /throws": () => {
    throw new Error(thrown);
  },
  "GET /stream"(_, response) {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    for (const event of events) response.write(event);
    response.end();
  },
  "POST /unread": (_, response) => response.writeHead(202).end("unread"),
  "GET /endless": (_, response) => response.writeHead(200, { "Content-Type": "text/plain" }).write("begun"),
  "GET /compressed"(_, response) {
    response.writeHead(200, { "Content-Type": "text/plain", "Content-Encoding": "gzip" });
    const gzip = createGzip();
    gzip.pipe(response);
    gzip.end(compressedText);
  },
  async "GET /calls"(_, response, called) {
    const answer = await fetch(`${called}/upstream?n=1`, { method: "POST", body: "asked" });
    response.end(await answer.text());
  },
};

export const nodeHttp: Framework = {
  name: "node:http",
  missing: null,
  userRoute: null,
  tellsErrors: false,
  start: (called) =>
    listening(
      createServer(async (request, response) => {
        const path = request.url?.replace(/\?.*/, "");
        const handle = handlers[`${request.method} ${path}`];
        if (handle === undefined) response.writeHead(404).end("nothing here");
        else
          try {
            await handle(request, response, called);
          } catch {
            response.writeHead(500).end("broken");
          }
      }),
    ),
};

/** What `/calls` of every framework calls. */
export function upstream(): ReturnType<typeof listening> {
  return listening(
    createServer(async (request, response) => response.end(`upstream got ${await text(request)}`)),
  );
}
