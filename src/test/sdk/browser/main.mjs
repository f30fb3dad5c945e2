// Drives the example page in Chromium: it gets a token, opens a thread, sends a message, streams the run, and resumes after a cut.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { chromium } from "playwright-core";

const { BACKEND, CHROMIUM, THREADMILL_URL } = process.env;

/** A proxy in front of the server, whose connections can be cut in the middle of a stream. */
async function proxy(target) {
  const open = new Set();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const [from, to] of [[client, upstream], [upstream, client]]) {
      open.add(from);
      from.on("error", () => to.destroy());
      from.on("close", () => { open.delete(from); to.destroy(); });
      from.pipe(to);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    cut: () => open.forEach((socket) => socket.destroy()),
    close: () => { open.forEach((socket) => socket.destroy()); server.close(); },
  };
}

const between = await proxy(new URL(THREADMILL_URL));
const backend = spawn(process.execPath, [BACKEND], {
  env: { ...process.env, THREADMILL_URL: between.url, PORT: "0" },
  stdio: ["ignore", "pipe", "inherit"],
});
const page_url = String((await once(backend.stdout, "data"))[0]).trim();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
try {
  const page = await browser.newPage();
  page.on("console", (message) => console.log("page:", message.text()));
  await page.goto(page_url);
  await page.fill("#text", "/slow 40\n/long 60");
  await page.click("button");
  const answer = page.locator(".assistant");
  await page.waitForFunction(() => document.querySelector(".assistant")?.textContent.length > 30);
  between.cut();
  await page.waitForFunction(() => document.getElementById("status").textContent === "done", null, {
    timeout: 30_000,
  });
  const words = (await answer.textContent()).trim().split(/\s+/);
  assert.equal(words.length, 60, "every word came once: " + words.join(" "));

  // The page has no more rights than it needs.
  const statuses = await page.evaluate(async () => {
    const { value, url } = await (await fetch("token", { method: "POST" })).json();
    const get = async (path) =>
      (await fetch(url + path, { headers: { Authorization: `Bearer ${value}` } })).status;
    return { threads: await get("/v1/threads"), assistants: await get("/v1/assistants") };
  });
  assert.deepEqual(statuses, { threads: 200, assistants: 403 });
  console.log("ok: the page was driven");
} finally {
  await browser.close();
  backend.kill();
  between.close();
}
