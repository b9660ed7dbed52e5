// `npm run demo` tells the story of story.ts with a real Sluice, real sockets and a real MCP client, and exits with 1
// unless everything it claims is so; `npm run demo -- traffic` that of traffic/story.ts. `--keep` leaves all of it running
// afterwards, to look around.
import { claudeCodeCommand, mcpAddress } from "../src/registry/connect-form.ts";
import { claims } from "./claims.ts";
import { screen } from "./screen.ts";
import { startSluice, type SluiceProcess } from "./sluice-process.ts";
import { tellStory } from "./story.ts";
import { startTarget, type Target } from "./target.ts";
import { tellTrafficStory } from "./traffic/story.ts";
import type { Claim } from "./claims.ts";
import type { Screen } from "./screen.ts";

type Cast = {
  readonly url: string;
  readonly key: string;
  readonly target: Target;
  readonly screen: Screen;
  readonly claim: Claim;
};

/** By what is asked for; the first unless something is. */
const stories = {
  webhooks: {
    title: "Sluice: from an empty folder to a webhook that failed, was understood, mended and replayed",
    tell: (cast: Cast) => tellStory(cast),
  },
  traffic: {
    title: "Sluice: a release breaks one part of an API, and an agent finds out which and why",
    tell: (cast: Cast) => tellTrafficStory(cast),
  },
} as const;

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const interruptedExitCode = 130;

async function main(story: keyof typeof stories, keep: boolean): Promise<number> {
  const startedAt = performance.now();
  const interrupted = new Promise<"interrupted">((resolve) => {
    // Not once: a second Ctrl-C must not cut the tidying up short, which is bounded.
    for (const signal of signals) process.on(signal, () => resolve("interrupted"));
  });
  let interruption = false;
  const said = screen((line) => {
    // The story goes on for a moment after an interruption, with what is no longer there.
    if (!interruption) console.log(line);
  });
  const { claim, verdict } = claims(said);
  const { title, tell } = stories[story];
  said.title(title);

  said.step("Sluice starts on an empty folder");
  const target = await startTarget();
  const sluice = startSluice();
  try {
    said.call("node src/main.ts serve");
    const told = start(sluice).then(async (url) => {
      await tell({ url, key: sluice.key, target, screen: said, claim });
      return url;
    });
    const url = await Promise.race([told, interrupted]);
    if (url === "interrupted") {
      interruption = true;
      return interruptedExitCode;
    }
    if (keep) {
      console.log(`\n${stillRunning(url, sluice, target.urlOf(""))}`);
      await interrupted;
    }
    said.step("Sluice is told to end");
    said.call("SIGTERM");
    const exitCode = await sluice.stop();
    claim("it ends by itself, with exit code 0", exitCode, 0);
  } catch (error) {
    console.error("\nThe story could not go on:", error);
    console.error(`\nThe end of Sluice's log:\n${sluice.log()}`);
    return 1;
  } finally {
    await sluice.stop();
    await target.close();
  }
  const { text, exitCode } = verdict();
  console.log(`\n${text}, in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  return exitCode;

  async function start({ ready, filesBefore }: SluiceProcess): Promise<string> {
    const url = await ready();
    said.result(`ready after ${Math.round(performance.now() - startedAt)} ms at ${url}`);
    claim("the folder was empty", filesBefore, 0);
    return url;
  }
}

function stillRunning(url: string, { key, folder }: SluiceProcess, targetUrl: string): string {
  return [
    `Sluice is still running at ${url} (its files are in ${folder}), the target at ${targetUrl}.`,
    `API key: ${key}`,
    "To let Claude run it:",
    `  ${claudeCodeCommand(mcpAddress(url), key)}`,
    "Ctrl-C ends both and removes the folder.",
  ].join("\n");
}

const options = process.argv.slice(2);
const [asked = "webhooks", ...strange] = options.filter((option) => option !== "--keep");
if (!isStory(asked) || strange.length > 0) {
  console.error(`usage: npm run demo [-- ${Object.keys(stories).join("|")}] [--keep]`);
  process.exitCode = 2;
} else {
  process.exitCode = await main(asked, options.includes("--keep"));
  // After an interruption the story may still wait for an answer that will not come.
  if (process.exitCode === interruptedExitCode) process.exit();
}

function isStory(name: string): name is keyof typeof stories {
  return Object.hasOwn(stories, name);
}
