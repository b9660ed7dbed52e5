import type { Surroundings } from "./command.ts";
import { databaseStorage } from "./database-storage.ts";
import { folderStorage } from "./folder-storage.ts";
import type { Storage } from "./storage.ts";

/** The storage that the configuration names. */
export function storageOf(surroundings: Surroundings): Storage {
  const { database } = surroundings;
  return database === null ? folderStorage(surroundings) : databaseStorage(database, surroundings);
}
