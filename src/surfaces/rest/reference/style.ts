/** Beyond the rules of every page. */
export const referenceCss = `
:root { --get: #0f6f4a; --post: #1b5fb8; --put: #8a5a00; --patch: #7a4fb5; --delete: #b3261e; --bar: 3.25rem; }
@media (prefers-color-scheme: dark) {
  :root { --get: #67d39c; --post: #7db4f5; --put: #e2b25a; --patch: #c3a2f2; --delete: #ff8f86; }
}
html { scroll-padding-top: calc(var(--bar) + 1rem); }
.top {
  position: sticky; top: 0; z-index: 2; height: var(--bar); padding: 0 1.5rem; display: flex; align-items: center;
  justify-content: space-between; background: var(--page); border-bottom: 1px solid var(--line);
}
.brand { font-weight: 700; text-decoration: none; color: var(--text); }
.brand span { font-weight: 400; color: var(--soft); margin-left: .4em; }
.machine { font-size: .875rem; }
.columns { display: grid; grid-template-columns: 17.5rem minmax(0, 1fr); }
nav {
  position: sticky; top: var(--bar); align-self: start; height: calc(100vh - var(--bar)); overflow-y: auto;
  padding: 1.25rem 1rem 2rem 1.5rem; border-right: 1px solid var(--line); font-size: .875rem;
}
nav summary { display: none; }
nav ul { list-style: none; margin: 0 0 1.25rem; padding: 0; }
nav h2 { font-size: .75rem; text-transform: uppercase; letter-spacing: .06em; margin: 0 0 .4rem; }
nav h2 a { color: var(--soft); text-decoration: none; }
nav li a {
  display: flex; justify-content: space-between; align-items: baseline; gap: .5rem; padding: .28rem .5rem;
  margin-left: -.5rem; border-radius: 6px; color: var(--text); text-decoration: none;
}
nav li a:hover { background: var(--panel); }
nav li a[aria-current] { background: var(--code); color: var(--accent); }
nav input[type=search] { margin: 0 0 1rem; padding: .45rem .7rem; font-size: .875rem; }
.verb { font: 600 .6875rem/1 var(--mono); letter-spacing: .02em; color: var(--get); flex: none; }
.verb.post { color: var(--post); } .verb.put { color: var(--put); }
.verb.patch { color: var(--patch); } .verb.delete { color: var(--delete); }
main { padding: 2rem 2.5rem 6rem; max-width: 84rem; }
main h1 { font-size: 2rem; letter-spacing: -.01em; }
.basic { max-width: 46rem; margin-bottom: 2.5rem; }
.group > h2 { font-size: 1.5rem; margin: 3rem 0 0; padding-top: 1rem; border-top: 1px solid var(--line); }
.operation { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 27rem); gap: 2.5rem; padding: 2rem 0; border-bottom: 1px solid var(--line); }
.operation:last-child { border-bottom: 0; }
.operation h3 { font-size: 1.2rem; margin-bottom: .35rem; }
.operation h3 a { color: inherit; text-decoration: none; }
.operation h3 a:hover { text-decoration: underline; }
.operation h4 { font-size: .8125rem; text-transform: uppercase; letter-spacing: .05em; color: var(--soft); margin: 1.6rem 0 .2rem; }
.address { margin-bottom: .7rem; }
.address .verb { font-size: .8125rem; margin-right: .35rem; }
.address code { background: none; padding: 0; }
.marks { display: flex; flex-wrap: wrap; gap: .35rem 1.4rem; margin: 0; font-size: .875rem; }
.marks dt { display: inline; color: var(--soft); } .marks dd { display: inline; margin: 0 0 0 .3em; }
.members { list-style: none; margin: 0; padding: 0; }
.members > li { padding: .6rem 0; border-bottom: 1px solid var(--line); }
.members > li:last-child { border-bottom: 0; }
.members p { margin: 0; }
.members .name { background: none; padding: 0; font-weight: 600; }
.type, .facts { color: var(--soft); font-size: .875rem; margin-left: .25em; }
.does .facts { margin-left: 0; display: block; }
.does { font-size: .9375rem; }
.required { color: var(--warn); font-size: .8125rem; font-weight: 600; margin-left: .35em; }
.members details { margin-top: .35rem; font-size: .9375rem; }
.members summary { cursor: pointer; color: var(--accent); font-size: .875rem; width: fit-content; }
.members .members { border-left: 2px solid var(--line); padding-left: 1rem; margin-top: .35rem; }
.errors { margin: .35rem 0 0; line-height: 2; } .errors a { text-decoration: none; }
.shown { position: sticky; top: calc(var(--bar) + 1rem); align-self: start; min-width: 0; }
figure { margin: 0 0 1rem; position: relative; }
figcaption { font-size: .8125rem; color: var(--soft); margin-bottom: .25rem; }
figure pre { margin: 0; max-height: 26rem; overflow: auto; font-size: .8125rem; }
button.copy {
  position: absolute; top: -.25rem; right: 0; font-size: .75rem; font-weight: 500; padding: .1rem .55rem;
  background: var(--page); color: var(--soft); border-color: var(--line);
}
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: .9375rem; }
th, td { text-align: left; padding: .35rem 1.2rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
[hidden] { display: none !important; }
@media (max-width: 72rem) { .operation { grid-template-columns: minmax(0, 1fr); gap: 1.25rem; } .shown { position: static; } }
@media (max-width: 48rem) {
  .columns { display: block; }
  .top { padding: 0 1rem; }
  nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); padding: 1rem; }
  nav summary { display: list-item; cursor: pointer; font-weight: 600; padding: .3rem 0; }
  nav details > ul { margin-top: .5rem; }
  nav li a { padding: .5rem; }
  main { padding: 1.25rem 1rem 4rem; }
}
@media print { nav, .top, button.copy { display: none; } .columns, .operation { display: block; } }
`;

/** Finds by typing, copies examples, marks the place in the contents. Without it the page has all the same to read. */
export const referenceScript = `
const search = document.getElementById("search");
const sought = document.querySelectorAll("[data-find]");
const groups = document.querySelectorAll(".group, nav .list");
const basics = document.querySelectorAll(".basic");
const contents = document.querySelector("nav details");
const phone = matchMedia("(max-width: 48rem)");
const fold = () => { contents.open = !phone.matches; };
fold();
phone.addEventListener("change", fold);
search.hidden = false;
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter((word) => word !== "");
  const fits = (it) => words.every((word) => it.dataset.find.includes(word));
  for (const it of sought) it.hidden = !fits(it);
  for (const it of groups) it.hidden = it.querySelector("[data-find]:not([hidden])") === null;
  for (const it of basics) it.hidden = words.length > 0;
  document.querySelector(".nothing").hidden = document.querySelector(".operation:not([hidden])") !== null;
  if (words.length > 0) contents.open = true;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) { event.preventDefault(); search.focus(); }
  if (event.key === "Escape" && document.activeElement === search) { search.value = ""; search.dispatchEvent(new Event("input")); }
});
contents.addEventListener("click", (event) => {
  if (phone.matches && event.target.closest("a") !== null) contents.open = false;
});
if (navigator.clipboard !== undefined)
  for (const figure of document.querySelectorAll("figure")) {
    const button = document.createElement("button");
    button.className = "copy";
    button.type = "button";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(figure.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 1500);
    });
    figure.append(button);
  }
const links = new Map([...document.querySelectorAll("nav a")].map((it) => [it.hash.slice(1), it]));
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    for (const it of links.values()) it.removeAttribute("aria-current");
    links.get(target.id)?.setAttribute("aria-current", "true");
  }
}, { rootMargin: "-15% 0px -75% 0px" });
for (const it of document.querySelectorAll(".operation, .basic")) seen.observe(it);
`;
