import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import type { Readable } from "node:stream";
import { eventually } from "../journeys/eventually.ts";
import type { Person } from "../surfaces/oauth-world.ts";

/** Opens the address as a person's browser does, approves, and goes where that leads: to the client's own listener. */
export async function approve({ browser }: Person, link: string | URL): Promise<void> {
  await browser.decide(await browser.open(link), "approve");
  const back = browser.gone() ?? "";
  // Programs print the address before they listen: a person is never as fast.
  const answer = await eventually("the client's own listener", () => fetch(back).catch(ifRefused));
  assert.ok(answer.ok, await answer.text());
}

function ifRefused(error: unknown): undefined {
  if (error instanceof TypeError && (error.cause as NodeJS.ErrnoException).code === "ECONNREFUSED")
    return undefined;
  throw error;
}

/** Approves the one sign-in that a program asks for in what it prints. Settles only by failing. */
export function approvePrinted(person: Person, printed: Readable): Promise<never> {
  return new Promise((_, reject) => {
    let text = "";
    let asked = false;
    printed.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const link = /(http:\/\/\S+\/oauth\/authorize\?\S+)\s/.exec(text)?.[1];
      if (link === undefined || asked) return;
      asked = true;
      approve(person, link).catch(reject);
    });
  });
}

/** A port that was free just now, for a client that wants to be told where to listen. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
