import type { Check } from "./check.ts";
import { room } from "./checks/room.ts";
import { size } from "./checks/size.ts";
import { wal } from "./checks/wal.ts";

/** What is looked at of the room that a PostgreSQL database takes up, and has. */
export const spaceChecks: readonly Check[] = [size, room, wal];
