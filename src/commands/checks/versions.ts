import { z } from "zod";
import { ok, problem, warning, type Check } from "../check.ts";

const nodeMajorMin = 24;
/** The first with `wal_checkpoint(noop)`, which keeps the log bounded. */
const sqliteMin = [3, 51] as const;
const Described = z.object({ info: z.object({ version: z.string() }) });

export const versions: Check = {
  name: "versions",
  async look({ version, health, server }) {
    const { node, sqlite = "0" } = process.versions;
    const saw = `Sluice ${version} on Node ${node} with SQLite ${sqlite}`;
    const [major = 0, minor = 0] = sqlite.split(".").map(Number);
    if (
      Number.parseInt(node, 10) < nodeMajorMin ||
      major * 1_000 + minor < sqliteMin[0] * 1_000 + sqliteMin[1]
    )
      return [problem(`${saw}.`, `Run it on Node ${nodeMajorMin} or later, the newest release of it.`)];
    if ((await health()) === undefined) return [ok(`${saw}.`)];
    const described = Described.safeParse((await server.call("GET", "/openapi.json")).json);
    const running = described.data?.info.version;
    if (running === version) return [ok(`${saw}; the server is the same.`)];
    return [
      warning(
        `${saw}; the server is ${running ?? "of an unknown version"}.`,
        "Use the command line of the server's version, or restart the server after an upgrade.",
      ),
    ];
  },
};
