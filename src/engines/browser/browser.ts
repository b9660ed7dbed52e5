import { spawn } from "node:child_process";

type Program = readonly [name: string, ...args: string[]];

/** What opens an address, by platform. None of them is a shell, which would read `&` its own way. */
const programs: Readonly<Partial<Record<NodeJS.Platform, Program>>> = {
  darwin: ["open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
};
const otherwise: Program = ["xdg-open"];

/**
 * Opens an http(s) address in the browser of whoever sits here, and waits for nothing but that the program for it starts.
 * False = there is none: the person has to open it.
 */
export function openInBrowser(address: string): Promise<boolean> {
  if (!/^https?:\/\//.test(address)) return Promise.resolve(false);
  const [name, ...args] = programs[process.platform] ?? otherwise;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const child = spawn(name, [...args, address], { detached: true, stdio: "ignore" });
  child.once("error", () => resolve(false));
  child.once("spawn", () => resolve(true));
  // It may outlast the command.
  child.unref();
  return promise;
}
