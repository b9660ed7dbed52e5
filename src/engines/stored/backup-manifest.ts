import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../../kernel/failure.ts";

/** What each manifest says of a file, whatever database it is from. */
export const fileMembers = {
  name: z.string(),
  bytes: z.int().min(0),
  /** Hex. */
  sha256: z.string(),
};

/** What each manifest says, whatever database the backup was made from. */
export const headMembers = {
  format: z.literal(1),
  /** The version of Sluice that made it. */
  sluice: z.string(),
  /** The moment that it holds. */
  at: z.iso.datetime(),
};

export type FileDigest = { readonly bytes: number; readonly sha256: string };

/** What a backup says of itself is written last: a folder without this file is no backup. */
export const manifestFile = "backup.json";
const manifestBytesMax = 4 * 1024 * 1024;

/** What a backup was made from, and what to do with one when it is not what was asked for. */
const origins = {
  embedded: {
    was: "the embedded database",
    hint: "Restore it without SLUICE_DATABASE_URL, into SLUICE_DATA_DIR. A backup does not move between the two.",
  },
  postgres: {
    was: "PostgreSQL",
    hint: "Set SLUICE_DATABASE_URL to an empty database. A backup does not move between the two.",
  },
} as const;
export type Origin = keyof typeof origins;

/** The first backups, which did not say so, were made from the embedded database. */
const headShape = z.object({
  format: headMembers.format,
  from: z.enum(["embedded", "postgres"]).default("embedded"),
});

/**
 * @throws Failure not_found when the folder holds no backup; invalid when its manifest is broken; conflict when it was
 * made from the other kind of database
 */
export function readManifest<T>(folder: string, from: Origin, shape: z.ZodType<T>): T {
  const path = join(folder, manifestFile);
  if (!existsSync(path))
    throw new Failure("not_found", `There is no finished backup in ${folder}: ${manifestFile} is missing.`, {
      hint: "Name a folder that `sluice backup` made.",
    });
  try {
    const json: unknown = JSON.parse(readFileSync(path, "utf8").slice(0, manifestBytesMax));
    refuseOther(headShape.parse(json).from, from);
    return shape.parse(json);
  } catch (error) {
    if (!(error instanceof z.ZodError || error instanceof SyntaxError)) throw error;
    throw new Failure("invalid", `${path} is damaged, or a newer version of Sluice wrote it.`, {
      hint: "Take another backup, or restore with the version that made it.",
    });
  }
}

function refuseOther(is: Origin, wanted: Origin): void {
  if (is === wanted) return;
  throw new Failure(
    "conflict",
    `This backup was made from ${origins[is].was}, and cannot be restored into ${origins[wanted].was}.`,
    { hint: origins[is].hint },
  );
}

/** Size and SHA-256 (hex) of a file. */
export async function digestOf(path: string): Promise<FileDigest> {
  const digest = digesting();
  // Nothing comes out: what a stream passes on has to be taken.
  for await (const _ of digest.tap(createReadStream(path)));
  return digest.result();
}

/** Takes size and SHA-256 (hex) of what passes through `tap`. */
export function digesting() {
  const hash = createHash("sha256");
  let bytes = 0;
  return {
    async *tap(chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        // A stream without an encoding gives buffers.
        if (!Buffer.isBuffer(chunk)) throw new TypeError("a chunk is no buffer");
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    result: (): FileDigest => ({ bytes, sha256: hash.digest("hex") }),
  };
}

/** What is wrong with a file whose digest was taken; undefined when it is what the manifest says. */
export function digestDifference(is: FileDigest, expected: FileDigest): string | undefined {
  if (is.bytes !== expected.bytes) return `has ${is.bytes} bytes instead of ${expected.bytes}`;
  return is.sha256 === expected.sha256 ? undefined : "has another SHA-256 than was written";
}

/** The damage of a backup, as who restores it is told. */
export function damagedBackup(name: string, difference: string): Failure {
  return new Failure("invalid", `The backup is damaged: ${name} ${difference}.`, {
    hint: "Nothing was restored. Take another backup.",
  });
}
