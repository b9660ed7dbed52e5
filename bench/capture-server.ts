// The application that bench/capture.ts measures: Express, which reads 1.2 KB and answers as much; with or without the agent.
import { createServer } from "node:http";
import express from "express";
import { capture, type Capture } from "../sdk/src/capture.ts";

const agent: Capture | undefined = process.argv[2] === "captured" ? capture() : undefined;
const answer = {
  items: Array.from({ length: 12 }, (_, id) => ({ id, name: `item ${id}`, note: "n".repeat(60) })),
};
let main = process.threadCpuUsage();
let whole = process.cpuUsage();

const app = express();
app.post("/orders/:id", express.json(), (request, response) => {
  response.json({ ...answer, got: Object.keys(request.body as object).length });
});
const server = createServer(app);
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", async () => {
  await agent?.flush();
  const address = server.address();
  if (address !== null && typeof address === "object") process.send?.({ port: address.port });
});

process.on("message", async (message) => {
  if (message === "start") {
    main = process.threadCpuUsage();
    whole = process.cpuUsage();
    process.send?.({ started: true });
    return;
  }
  // What the worker and the compression still do belongs to the requests.
  const spentMain = process.threadCpuUsage(main);
  await agent?.flush();
  const spentWhole = process.cpuUsage(whole);
  process.send?.({
    mainUs: spentMain.user + spentMain.system,
    wholeUs: spentWhole.user + spentWhole.system,
    stats: agent?.stats() ?? null,
  });
});
