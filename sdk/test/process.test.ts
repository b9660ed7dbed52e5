// The agent as a guest of a process: it keeps none alive, sends what was seen when there is nothing left to do, and is not
// felt where its server is away.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { exampleKey, receiver } from "./receiver.ts";

const register = new URL("../src/register.ts", import.meta.url).href;
const asksItself = `
  import { createServer } from "node:http";
  const server = createServer((request, response) => response.end("hello"));
  server.listen(0, "127.0.0.1", async () => {
    console.log(await (await fetch("http://127.0.0.1:" + server.address().port + "/users/7")).text());
    server.close();
    server.closeAllConnections();
  });`;

async function run(program: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const args = ["--import", register, "--input-type=module", "--eval", program];
  const child = spawn(process.execPath, args, {
    env: { ...env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const [said, complained] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as [number | null];
  assert.equal(code, 0, complained);
  return said + complained;
}

test("a program without a line about it is captured, and what was seen is sent when it ends", async (t) => {
  const sink = await receiver();
  t.after(() => sink.close());
  assert.equal(await run(asksItself, { SLUICE_URL: sink.url, SLUICE_KEY: exampleKey }), "hello\n");
  assert.equal(sink.records().length, 1);
});

test("a program that does nothing ends, with the agent in it", async (t) => {
  const sink = await receiver();
  t.after(() => sink.close());
  assert.equal(await run("console.log(1)", { SLUICE_URL: sink.url, SLUICE_KEY: exampleKey }), "1\n");
});

test("a program serves and ends where no server answers, or one that never does", async (t) => {
  const gone = await receiver();
  await gone.close();
  assert.equal(await run(asksItself, { SLUICE_URL: gone.url, SLUICE_KEY: exampleKey }), "hello\n");
  const hanging = await receiver();
  t.after(() => hanging.close());
  hanging.onSettings = () => {};
  assert.equal(await run(asksItself, { SLUICE_URL: hanging.url, SLUICE_KEY: exampleKey }), "hello\n");
});

test("a program that is told no server runs, and says so", async () => {
  const said = await run(asksItself, { SLUICE_URL: "", SLUICE_KEY: exampleKey });
  assert.match(said, /^hello\n/);
  assert.match(said, /Sluice captures nothing: url \(SLUICE_URL\)/);
});
