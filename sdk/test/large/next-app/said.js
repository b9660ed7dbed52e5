// What this application says is decided by the test that starts it.
export const said = () => JSON.parse(process.env.SAID ?? "{}");
