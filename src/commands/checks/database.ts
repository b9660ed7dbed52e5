import { bringForward, serverVersion } from "../../engines/postgres/catalogue.ts";
import { textOf } from "../../engines/stored/row.ts";
import { Failure } from "../../kernel/failure.ts";
import { ok, problem, type Check } from "../check.ts";

export const database: Check = {
  name: "database",
  async look(subject) {
    const reached = await subject.database();
    if (reached === undefined) return [];
    if (reached instanceof Failure)
      return [
        problem(
          reached.message,
          reached.kind === "unavailable"
            ? "Start PostgreSQL, or check SLUICE_DATABASE_URL: while it cannot be used, webhooks are answered 503."
            : (reached.detail.hint ?? "Check SLUICE_DATABASE_URL."),
        ),
      ];
    const version = await serverVersion(reached);
    const [row = {}] = await reached.query(
      "select current_database() as name, current_user as role, current_setting('server_encoding') as encoding",
    );
    const saw = `PostgreSQL ${version.text}, database ${textOf(row, "name")}, role ${textOf(row, "role")}`;
    if (!version.isSupported) return [problem(`${saw}.`, bringForward)];
    const encoding = textOf(row, "encoding");
    if (encoding !== "UTF8")
      return [
        problem(
          `${saw}: its encoding is ${encoding}.`,
          "Make a database with `encoding 'UTF8' template template0`: this one cannot hold every text.",
        ),
      ];
    return [ok(`${saw}.`)];
  },
};
