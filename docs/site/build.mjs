// Builds the static site from README.md and docs: node build.mjs ROOT OUT
// Every page stays at its path with the ending html, links between pages follow, and other files that pages link to are copied.
// The site needs no script and loads nothing from elsewhere.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Marked } from "marked";

const [root, out] = process.argv.slice(2).map((name) => path.resolve(name));

const GROUPS = [
  ["Start", ["README.md", "docs/tutorial.md", "docs/quickstart.md", "docs/migrating.md", "docs/import.md"]],
  ["Guides", ["docs/browsers.md", "docs/routing.md", "docs/responses.md", "docs/memory.md", "docs/cost.md", "docs/privacy.md"]],
  ["Tools and files", ["docs/tools.md", "docs/files.md", "docs/vector-stores.md", "docs/extraction.md", "docs/code-interpreter.md", "docs/protocols.md"]],
  ["Operations", ["docs/production.md", "docs/operations.md", "docs/telemetry.md", "docs/keys.md", "docs/limits.md", "docs/events.md", "deploy/README.md"]],
];

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const name = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      return entry.name === "node_modules" ? [] : walk(name);
    }
    return [name];
  });
}

const relative = (file) => path.relative(root, file).split(path.sep).join("/");
const pages = ["README.md", "CONTRIBUTING.md", "deploy/README.md", ...walk(path.join(root, "docs")).map(relative)]
  .filter((name, at, all) => name.endsWith(".md") && all.indexOf(name) === at)
  .sort();
const addressOf = (page) => (page === "README.md" ? "index.html" : page.replace(/\.md$/, ".html"));
const escaped = (text) => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const titleOf = (text) => (/^# (.*)$/m.exec(text)?.[1] ?? "Threadmill").replaceAll("`", "");
const texts = new Map(pages.map((page) => [page, readFileSync(path.join(root, page), "utf8")]));

// As Git hosts derive them, so that links to headings work in both.
function anchorOf(heading) {
  return heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

function targetOf(page, href) {
  if (/^[a-z]+:/.test(href) || href.startsWith("#")) {
    return href;
  }
  const [file, hash] = href.split("#");
  const target = path.posix.join(path.posix.dirname(page), decodeURIComponent(file));
  const full = path.join(root, target);
  if (!existsSync(full)) {
    throw new Error(`${page} links to ${href}, which does not exist`);
  }
  let address = texts.has(target) ? addressOf(target) : target;
  if (!texts.has(target)) {
    const copy = path.join(out, statSync(full).isDirectory() ? path.join(target, "index.html") : target);
    mkdirSync(path.dirname(copy), { recursive: true });
    if (statSync(full).isDirectory()) {
      const list = walk(full).map(relative);
      list.forEach((file) => targetOf("x.md", file));
      const items = list.map((file) => {
        const to = path.posix.relative(target, texts.has(file) ? addressOf(file) : file);
        return `<li><a href="${escaped(to)}">${escaped(file)}</a></li>`;
      });
      writeFileSync(copy, frame(`${target}/index.md`, target, `<h1>${escaped(target)}</h1><ul>${items.join("")}</ul>`));
      address = `${target}/index.html`;
    } else {
      cpSync(full, copy);
    }
  }
  return path.posix.relative(path.posix.dirname(addressOf(page)), address) + (hash ? "#" + hash : "");
}

function html(page) {
  const marked = new Marked({ gfm: true });
  marked.use({
    walkTokens(token) {
      if (token.type === "link" || token.type === "image") {
        token.href = targetOf(page, token.href);
      }
    },
    renderer: {
      heading({ tokens, depth, raw }) {
        const id = anchorOf(raw.replace(/^#+ /, "").trim());
        return `<h${depth} id="${escaped(id)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      // The pages hold no HTML; what looks like it is text.
      html: ({ text }) => escaped(text),
    },
  });
  return marked.parse(texts.get(page));
}

function navigation(page) {
  const from = path.posix.dirname(addressOf(page));
  const grouped = GROUPS.flatMap(([, names]) => names);
  const rest = pages.filter((name) => !grouped.includes(name) && !name.startsWith("docs/decisions/"));
  const decisions = pages.filter((name) => name.startsWith("docs/decisions/"));
  return [...GROUPS, ["Reference", rest], ["Decisions", decisions]]
    .map(([title, names]) => {
      const items = names
        .filter((name) => texts.has(name))
        .map((name) => {
          const to = path.posix.relative(from, addressOf(name)) || path.posix.basename(addressOf(name));
          const current = name === page ? ' aria-current="page"' : "";
          return `<li><a href="${escaped(to)}"${current}>${escaped(titleOf(texts.get(name)))}</a></li>`;
        });
      return `<details${names.includes(page) || title !== "Decisions" ? " open" : ""}><summary>${title}</summary><ul>${items.join("")}</ul></details>`;
    })
    .join("");
}

function frame(page, title, content) {
  const style = path.posix.relative(path.posix.dirname(addressOf(page)), "site.css");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'self'; img-src 'self'">
<title>${escaped(title)} · Threadmill</title>
<link rel="stylesheet" href="${style}">
</head>
<body>
<nav aria-label="Pages">${navigation(page)}</nav>
<main>${content}</main>
</body>
</html>
`;
}

mkdirSync(out, { recursive: true });
for (const page of pages) {
  const file = path.join(out, addressOf(page));
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, frame(page, titleOf(texts.get(page)), html(page)));
}
cpSync(path.join(root, "docs/site/site.css"), path.join(out, "site.css"));
console.log(`${pages.length} pages in ${out}`);
