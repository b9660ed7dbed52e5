import { startPostgres } from "./postgres-server.ts";
const s = await startPostgres({ durable: true });
console.log(await s.newDatabase());
setInterval(() => {}, 1000);
