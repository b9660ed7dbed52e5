import { createServer } from "node:http";
import { createGzip } from "node:zlib";
import express, { Router } from "express";
import { compressedText, events, listening, thrown, user, type Framework } from "./application.ts";

/** With a router that is mounted somewhere, whose place is part of the route. */
export const expressApp: Framework = {
  name: "Express 5",
  missing: null,
  userRoute: "/users/:id",
  tellsErrors: false,
  start(upstream) {
    const app = express();
    const users = Router();
    users.get("/:id", (_, response) => void response.json(user));
    app.use("/users", users);
    app.post("/echo", express.json(), (request, response) => void response.json(request.body));
    app.get("/throws", () => {
      throw new Error(thrown);
    });
    app.get("/stream", (_, response) => {
      response.type("text/event-stream");
      for (const event of events) response.write(event);
      response.end();
    });
    app.post("/unread", (_, response) => void response.status(202).send("unread"));
    app.get("/endless", (_, response) => void response.type("text/plain").write("begun"));
    app.get("/compressed", (_, response) => {
      response.type("text/plain").set("Content-Encoding", "gzip");
      const gzip = createGzip();
      gzip.pipe(response);
      gzip.end(compressedText);
    });
    app.get("/calls", async (_, response) => {
      const answer = await fetch(`${upstream}/upstream?n=1`, { method: "POST", body: "asked" });
      response.send(await answer.text());
    });
    // Express writes what was thrown to the log unless it is told that this is a test.
    app.set("env", "test");
    return listening(createServer(app));
  },
};
