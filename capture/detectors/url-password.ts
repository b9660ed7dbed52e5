import { byForm } from "./detector.ts";

/** Passwords in the addresses of databases and services: `postgres://ada:…@db.example/x`. The user stays. */
export const urlPassword = byForm(
  { trigger: String.raw`:\/\/[^\s/@]{0,100}@`, marks: "@" },
  /:\/\/[^\s:@/?#]{0,100}:([^\s@/]{1,300})@/g,
  (_, { index, 0: found, 1: password = "" }) => {
    const end = index + found.length - 1;
    return [end - password.length, end];
  },
);
