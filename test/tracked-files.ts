import { readdirSync, readFileSync } from "node:fs";

/**
 * Every file of the repository that belongs to it, as sorted paths from its root. Reads `.gitignore` (names and `*`
 * patterns) instead of asking git, which refuses folders of another user and is absent from archives.
 */
export function trackedFiles(): readonly string[] {
  const ignored = readFileSync(".gitignore", "utf8")
    .split("\n")
    .map((line) => line.trim().replace(/\/$/, ""))
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => new RegExp(`^${line.replaceAll(".", "\\.").replaceAll("*", ".*")}$`));
  return below("", [/^\.git$/, ...ignored]).toSorted();
}

function below(folder: string, ignored: readonly RegExp[]): readonly string[] {
  return readdirSync(folder === "" ? "." : folder, { withFileTypes: true })
    .filter((entry) => !ignored.some((pattern) => pattern.test(entry.name)))
    .flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? below(path, ignored) : entry.isFile() ? [path] : [];
    });
}
