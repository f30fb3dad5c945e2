// What all scripts of the console need: a browser that records what it must not do, and checks of each page.
import assert from "node:assert/strict";
import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

export const { CHROMIUM, PROJECT, SHOTS, THREADMILL_ADMIN_KEY, THREADMILL_URL } = process.env;

/** Sends a request to the API with the admin key, in the project of the test. */
export async function api(method, path, body) {
  const response = await fetch(THREADMILL_URL + path, {
    method,
    headers: {
      Authorization: `Bearer ${THREADMILL_ADMIN_KEY}`,
      "OpenAI-Project": PROJECT,
      "Content-Type": "application/json",
    },
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

export const launch = () => chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });

/** A page that records violations of the policy, dialogs, errors and requests to elsewhere. */
export async function openPage(browser, options) {
  const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const wrong = [];
  await page.exposeFunction("reportViolation", (text) => wrong.push(`policy: ${text}`));
  await page.addInitScript(() =>
    addEventListener("securitypolicyviolation", (event) =>
      globalThis.reportViolation(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`)),
  );
  page.on("dialog", (dialog) => {
    wrong.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.stack ?? error}`));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "blob:" && url.origin !== new URL(THREADMILL_URL).origin) wrong.push(`request to ${url.origin}`);
  });
  page.on("response", (response) => response.status() >= 500 && wrong.push(`status ${response.status()} of ${response.url()}`));
  return { page, context, wrong };
}

export async function signIn(page) {
  await page.goto(THREADMILL_URL + "/console/");
  await page.getByLabel("API key or admin key").fill(THREADMILL_ADMIN_KEY);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Threads", exact: true }).waitFor();
  await page.goto(address("threads"));
  await page.getByRole("heading", { name: "Threads", exact: true }).waitFor();
}

export const address = (...path) => [`${THREADMILL_URL}/console/p/${PROJECT}`, ...path].join("/");

/** No finding of axe that is serious, nothing wider than the screen, and a picture if wanted. */
export async function check(page, name) {
  if (SHOTS) await page.screenshot({ path: `${SHOTS}/${name}.png` });
  const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]).analyze();
  const serious = violations.filter((each) => ["serious", "critical"].includes(each.impact));
  const shown = serious.map((each) => `${each.id}: ${each.nodes.map((node) => `${node.html} ${node.failureSummary}`).join("\n  ")}`);
  assert.deepEqual(shown, [], `axe finds on ${name}`);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.ok(overflow <= 0, `${name} is ${overflow} pixels too wide`);
}
