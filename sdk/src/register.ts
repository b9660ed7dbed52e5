// Captures without any code: `node --import sluice-capture/register app.js`, told by variables of the environment.
import { isMainThread } from "node:worker_threads";
import { capture } from "./capture.ts";

// Threads of the program inherit the option. Servers are rarely run there, and each would begin an agent of its own.
if (isMainThread) capture();
