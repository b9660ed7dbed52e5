import { z } from "zod";
import { ok, problem, type Check, type Subject } from "../check.ts";

const Ready = z.object({
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
});

export const server: Check = {
  name: "server",
  async look(subject) {
    const {
      health,
      server: { url, call },
    } = subject;
    const heard = await health();
    if (heard === undefined) return [problem(`Nothing answers at ${url}.`, whereElse(subject))];
    if (heard.status !== 200)
      return [
        problem(
          `${url}/healthz answers ${heard.status}.`,
          "Check that SLUICE_URL is the address of a Sluice server.",
        ),
      ];
    const { status, json } = await call("GET", "/readyz");
    if (status === 200) return [ok(`${url} answers and is ready.`)];
    const failed = (Ready.safeParse(json).data?.checks ?? []).filter((check) => !check.ok);
    return failed.length === 0
      ? [problem(`${url}/readyz answers ${status}.`, "Look at the server's log.")]
      : failed.map(({ name, detail }) =>
          problem(`${url} is not ready: ${name}: ${detail}`, "Look at the disk, and at the server's log."),
        );
  },
};

function whereElse({ holder, server: { url } }: Subject): string {
  const address = holder?.address ?? null;
  return address === null || address === url
    ? "Start it with `sluice serve`, or set SLUICE_URL to where it is."
    : `The server of this folder is at ${address}: set SLUICE_URL=${address}.`;
}
