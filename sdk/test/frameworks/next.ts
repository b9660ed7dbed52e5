import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileOf, largeFolder, missing } from "../installed.ts";
import { exampleKey, type Receiver } from "../receiver.ts";
import { compressedText, events, thrown, user, type Framework } from "./application.ts";

const looksMax = 1_200;
const lookEveryMs = 50;
const folder = join(largeFolder, "next-app");
const sdkFolder = join(largeFolder, "../..");

/** In a process of its own, built as it would be for production, with the compiled package. */
export const nextApp: Framework = {
  name: "Next.js 16",
  missing: missing("next/package.json"),
  userRoute: null,
  tellsErrors: true,
  async start(upstream, sluice) {
    assert.ok(sluice);
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
    const env = {
      ...inherited,
      NEXT_TELEMETRY_DISABLED: "1",
      SAID: JSON.stringify({ user, events, compressedText, thrown }),
      UPSTREAM: upstream,
      SLUICE_URL: sluice.url,
      SLUICE_KEY: exampleKey,
    };
    const next = fileOf("next", "dist/bin/next");
    execFileSync("npm", ["run", "--silent", "build"], { cwd: sdkFolder, env, stdio: "inherit" });
    // A real copy: what a link leads to is no package to Next.js, and would be bundled.
    const installed = join(largeFolder, "node_modules/sluice-capture");
    rmSync(installed, { recursive: true, force: true });
    for (const part of ["package.json", "dist"])
      cpSync(join(sdkFolder, part), join(installed, part), { recursive: true });
    execFileSync(process.execPath, [next, "build"], { cwd: folder, env, stdio: "pipe" });
    const child = spawn(process.execPath, [next, "start", "-H", "127.0.0.1", "-p", "0"], {
      cwd: folder,
      env,
    });
    child.stderr.resume();
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(line)?.[0];
      if (url === undefined) continue;
      child.stdout.resume();
      await untilCaptured(url, sluice);
      return {
        url,
        async close() {
          child.kill();
          await once(child, "exit");
        },
      };
    }
    return assert.fail("Next.js did not start");
  },
};

/** Next.js calls `register` after it has begun to answer, and the settings arrive after that. */
async function untilCaptured(url: string, sluice: Receiver): Promise<void> {
  const isCaptured = () =>
    sluice.records().some(({ target, response }) => target.includes("warming-up") && response?.body);
  for (let looks = 0; !isCaptured(); looks++) {
    assert.ok(looks < looksMax, "Next.js was never captured");
    await (await fetch(`${url}/unknown?warming-up`)).text();
    await new Promise((later) => setTimeout(later, lookEveryMs));
  }
  // What the test asks for begins after all of this has been sent.
  sluice.batches.length = 0;
}
