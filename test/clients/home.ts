import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What a client that is a program sees of its surroundings: a home of its own, and nothing that opens a browser. */
export async function freshHome(): Promise<{
  readonly environment: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}> {
  const home = await mkdtemp(join(tmpdir(), "sluice-client-"));
  return {
    environment: { PATH: home, HOME: home, MCP_REMOTE_CONFIG_DIR: home },
    remove: () => rm(home, { recursive: true, force: true }),
  };
}
