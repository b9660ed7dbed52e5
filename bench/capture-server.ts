// The application that bench/capture.ts measures: Express, which answers what it is sent; with or without the agent.
import { capture, type Capture } from "../sdk/src/capture.ts";
import { expressApp } from "../sdk/test/frameworks/express.ts";

const agent: Capture | undefined = process.argv[2] === "captured" ? capture() : undefined;
let main = process.threadCpuUsage();
let whole = process.cpuUsage();

const { url } = await expressApp.start("");
await agent?.flush();
process.send?.({ url });

process.on("message", async (message) => {
  if (message === "start") {
    main = process.threadCpuUsage();
    whole = process.cpuUsage();
    process.send?.({ started: true });
    return;
  }
  const spentMain = process.threadCpuUsage(main);
  // What the worker and the compression still do belongs to the requests.
  await agent?.flush();
  const spentWhole = process.cpuUsage(whole);
  process.send?.({
    mainUs: spentMain.user + spentMain.system,
    wholeUs: spentWhole.user + spentWhole.system,
    stats: agent?.stats() ?? null,
    rssMb: process.memoryUsage().rss / 2 ** 20,
  });
});
