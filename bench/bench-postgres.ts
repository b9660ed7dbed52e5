import { startPostgres } from "../test/postgres-server.ts";
import { childrenUs } from "./children-cpu.ts";

/** A PostgreSQL with fsync on the same machine, whose CPU can be told apart from that of the servers that use it. */
export type BenchPostgres = {
  /** What servers are started with that share a new database. */
  environment(): Promise<Readonly<Record<string, string>>>;
  /** CPU of its processes so far, in us. */
  spentUs(): number;
  end(): Promise<void>;
};

/** No secret: what all nodes seal with. */
const vaultKeys = "ExampleExampleExampleExampleExampleExample0";

export async function benchPostgres(): Promise<BenchPostgres> {
  const server = await startPostgres({ durable: true });
  return {
    environment: async () => ({
      SLUICE_DATABASE_URL: await server.newDatabase(),
      SLUICE_VAULT_KEYS: vaultKeys,
    }),
    spentUs: () => childrenUs(server.pid),
    end: () => server.dispose(),
  };
}
