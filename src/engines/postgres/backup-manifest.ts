import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { z } from "zod";
import {
  digestDifference,
  digesting,
  digestOf,
  fileMembers,
  headMembers,
  readManifest,
} from "../stored/backup-manifest.ts";

const tableShape = z.strictObject({
  name: z.string(),
  columns: z.array(z.string()).max(1_000),
  rows: z.int().min(0),
  /** Before compression. */
  bytes: z.int().min(0),
});

const fileShape = z.strictObject({
  ...fileMembers,
  /** null = a file that holds no rows, such as the key file. */
  table: tableShape.nullable(),
});

const manifestShape = z.strictObject({
  ...headMembers,
  from: z.literal("postgres"),
  /** The version of PostgreSQL that it was copied from. */
  server: z.string(),
  /** How many migrations each part had seen. */
  parts: z.record(z.string(), z.int().min(0)),
  /** The days that had a partition, since the epoch. */
  days: z.array(z.int().min(0)).max(10_000),
  /** What each sequence gave out last; null = nothing so far. */
  sequences: z.record(z.string(), z.int().nullable()),
  files: z.array(fileShape).max(200),
});

export type CopiedTable = Readonly<z.output<typeof tableShape>>;
export type CopiedFile = Readonly<z.output<typeof fileShape>>;
export type DatabaseManifest = Readonly<z.output<typeof manifestShape>>;

/** The manifest of a backup of a PostgreSQL database. @throws Failure as `readManifest` of every backup does */
export function databaseManifest(folder: string): DatabaseManifest {
  return readManifest(folder, "postgres", manifestShape);
}

export function tableFile(table: string): string {
  return `${table}.copy.zst`;
}

/** Counts the lines and bytes of what passes through `tap`. In COPY's text format a line is a row. */
export function counting(told: (bytes: number) => void = () => {}) {
  let rows = 0;
  let bytes = 0;
  return {
    async *tap(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
      for await (const chunk of chunks) {
        for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, at + 1)) rows += 1;
        bytes += chunk.length;
        told(bytes);
        yield chunk;
      }
    },
    result: () => ({ rows, bytes }),
  };
}

/** Undefined when the file at `path` is what the manifest says, to its last row; else what is wrong with it. */
export async function copyDifference(path: string, file: CopiedFile): Promise<string | undefined> {
  const { table } = file;
  if (table === null) return digestDifference(await digestOf(path), file);
  const [digest, count] = [digesting(), counting()];
  try {
    await pipeline(createReadStream(path), digest.tap, createZstdDecompress(), count.tap, swallow);
  } catch (error) {
    if (!isZstd(error)) throw error;
    return "cannot be decompressed";
  }
  const { rows, bytes } = count.result();
  const difference = digestDifference(digest.result(), file);
  if (difference !== undefined) return difference;
  if (rows !== table.rows) return `has ${rows} rows instead of ${table.rows}`;
  return bytes === table.bytes ? undefined : `holds ${bytes} bytes instead of ${table.bytes}`;
}

async function swallow(chunks: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of chunks);
}

function isZstd(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^Z(STD)?_/.test(String(error.code));
}
