import { readFileSync } from "node:fs";

export type Seed = {
  readonly name: string;
  /** What the gate must say. */
  readonly expect: string;
  /** Text by path; null = the file is taken away. */
  readonly files: ReadonlyMap<string, string | null>;
};

/**
 * Reads seeds from a text file: `== name | what the gate says` (by default the name) opens a seed, `-- path --` a
 * file of it. A line `{{3 x text $n}}` stands for that many lines, `\uXXXX` for a character.
 */
export function readSeeds(path: string): readonly Seed[] {
  const [, ...parts] = readFileSync(path, "utf8").split(/^== /m);
  return parts.map((part) => {
    const [title = "", ...body] = part.split("\n");
    const [name = "", expect = name] = title.split(" | ");
    const [, ...files] = body.join("\n").split(/^-- (.+) --\n/m);
    return { name, expect, files: new Map(pairs(files).map(([file, text]) => placed(file, text))) };
  });
}

function placed(file: string, text: string): readonly [string, string | null] {
  const path = file.replace(" (absent)", "");
  return path === file ? [path, `${expanded(text).trimEnd()}\n`] : [path, null];
}

function expanded(text: string): string {
  return text
    .replace(/^\{\{(\d+) x (.*)\}\}$/gm, (_, times: string, line: string) =>
      Array.from({ length: Number(times) }, (__, i) => line.replaceAll("$n", `${i + 1}`)).join("\n"),
    )
    .replace(/\\u([0-9a-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}

function pairs(list: readonly string[]): readonly (readonly [string, string])[] {
  return list.flatMap((item, i) => (i % 2 === 0 ? [[item, list[i + 1] ?? ""] as const] : []));
}
