import { said } from "../../../said.js";

export const dynamic = "force-dynamic";

export const GET = () => Response.json(said().user);
