// Does the main job of the console by clicks, at desktop and phone size, light and dark.
import assert from "node:assert/strict";
import { address, api, check, launch, openPage, signIn } from "./driver.mjs";
import { hostileTexts } from "./hostile.mjs";

const assistant = await api("POST", "/v1/assistants", {
  name: "Order desk",
  model: "rehearsal",
  instructions: "Answer questions about orders.",
  memory: {},
  tools: [{ type: "function", function: { name: "stock", description: "How many are left", parameters: { type: "object", properties: { item: { type: "string" } } } } }],
});

/** Writes a message in the open thread and waits for the end of the run. */
async function send(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

const answers = (page) => page.locator(".message.assistant .md");

async function mainJob(page, size) {
  await check(page, `threads-empty-${size}`);
  await page.getByRole("button", { name: "New thread" }).first().click();
  await page.getByText("No messages yet").waitFor();
  await check(page, `thread-empty-${size}`);
  await page.getByLabel("Answered by").selectOption({ label: "Order desk" });
  await send(page, "/think It is a greeting.\n/say Hello **there**, this is `order` 17.");
  await answers(page).getByText("Hello there, this is order 17.").waitFor();
  assert.equal(await answers(page).locator("strong").textContent(), "there");

  // A run that waits for its client, and goes on with the answer.
  await send(page, 'call stock {"item": "pencils"}');
  await page.getByText("The run waits for this call").waitFor();
  await check(page, `thread-waiting-${size}`);
  await page.getByLabel("Result of stock").fill('{"left": 4}');
  await page.getByRole("button", { name: "Continue the run" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".message.assistant").length === 2);
  await page.locator(".strip-toggle").last().click();
  await page.locator(".call-name").last().waitFor();
  await check(page, `thread-${size}`);
  const thread = new URL(page.url()).pathname.split("/").at(-1);

  // The time of the run, and what the model was sent.
  await page.getByRole("link", { name: "Timeline" }).last().click();
  await page.getByRole("heading", { name: "Timeline" }).waitFor();
  await page.getByRole("rowheader", { name: "Queued" }).waitFor();
  await check(page, `run-${size}`);
  await page.getByRole("link", { name: /What the model was sent for/ }).first().click();
  await page.getByText(/tokens/).first().waitFor();
  await page.locator(".part-label").first().waitFor();
  await check(page, `call-${size}`);
  await page.getByRole("button", { name: "The prompt itself" }).click();
  await page.getByText("Answer questions about orders.").waitFor();
  await page.getByRole("button", { name: "Difference to the call before" }).click();
  await page.getByRole("heading", { name: "Added" }).waitFor();
  await check(page, `call-difference-${size}`);

  // The memory: a summary by hand, its second version, their difference.
  await page.goto(address("threads", thread, "memory", "summaries"));
  for (const text of ["The user asks about pencils.", "The user asks about red pencils."]) {
    await page.getByRole("button", { name: /Write one|Edit/ }).click();
    await page.getByLabel("Summary", { exact: true }).fill(text);
    await page.getByRole("button", { name: "Save as a new version" }).click();
    await page.locator(".reading").getByText("pencils").first().waitFor();
  }
  await page.locator("ins", { hasText: "red" }).waitFor();
  await check(page, `memory-summary-${size}`);
  await page.getByRole("link", { name: /Version 1/ }).click();
  await page.getByRole("button", { name: "Restore" }).click();
  await page.getByRole("link", { name: /Version 3/ }).waitFor();
  await page.getByRole("link", { name: "Recall" }).click();
  await page.getByLabel("Question").fill("Which order was it?");
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator(".passage").first().waitFor();
  await check(page, `memory-recall-${size}`);
  await page.getByRole("link", { name: "Facts" }).click();
  await page.getByText("No facts were extracted").waitFor();
  await page.getByRole("link", { name: "Model calls" }).click();
  await page.getByRole("link", { name: "What was sent" }).first().waitFor();

  // A fork at a message, beside its source.
  await page.goto(address("threads", thread));
  const first = page.locator(".message.user").first();
  await first.hover();
  await first.getByRole("button", { name: "Fork from this message" }).click();
  await check(page, `fork-${size}`);
  await page.getByRole("button", { name: "Fork and compare" }).click();
  await page.getByRole("heading", { name: "Compare threads" }).waitFor();
  await page.getByText("same in both").waitFor();
  await check(page, `compare-${size}`);

  // A thread is found by its words, and a cancelled run can be tried again.
  await page.goto(address("threads"));
  await page.locator(".thread-row").first().waitFor();
  await check(page, `threads-${size}`);
  await page.getByPlaceholder("Search messages").fill("order pencils unicorns");
  await page.getByText("No thread fits").waitFor();
  assert.ok(page.url().includes("query="), "the address has the search");
}

/** Assistants: created with a function that is tried, changed, compared with the version before, and asked in the playground. */
async function assistants(page, size) {
  await page.goto(address("assistants", "new"));
  await page.getByLabel("Name", { exact: true }).fill("Clerk");
  await page.getByLabel("Model", { exact: true }).fill("rehearsal");
  await page.getByRole("button", { name: "Function", exact: true }).click();
  await page.getByLabel("Function name").fill("lookup");
  await page.getByLabel("Parameters, as a JSON schema").fill('{"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["nr"]}');
  await page.getByText('"required" names "nr"').waitFor();
  await page.getByLabel("Parameters, as a JSON schema").fill('{"type": "object", "properties": {"id": {"type": "integer"}}}');
  await check(page, `function-${size}`);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("button", { name: "Try" }).click();
  await page.getByRole("button", { name: "Call", exact: true }).click();
  await page.getByText("The call reached the client").waitFor();
  await check(page, `try-${size}`);
  await page.getByRole("button", { name: "Close" }).click();
  await page.getByRole("button", { name: "Create the assistant" }).click();
  await page.getByRole("link", { name: "Playground" }).waitFor();
  await page.getByLabel("Instructions").fill("Be kind.");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("All changes are saved").waitFor();
  await check(page, `assistant-${size}`);
  await page.getByRole("link", { name: "Versions" }).click();
  await page.getByText("+ Be kind.").waitFor();
  await check(page, `assistant-versions-${size}`);
  await page.getByRole("link", { name: "Playground" }).click();
  await page.getByRole("button", { name: "Compare with an edited assistant" }).click();
  await page.getByLabel("Instructions").fill("Be short.");
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByLabel("Message", { exact: true }).fill("/say Twice the same");
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForFunction(() => document.querySelectorAll(".message.assistant .md").length === 2);
  await check(page, `playground-${size}`);
}

/** The pages of operators, each opened by its address. */
async function operation(page, size) {
  for (const [section, ready] of [
    ["usage", page.getByRole("heading", { name: "Limits", exact: true })],
    ["logs", page.locator(".list, .empty").first()],
    ["webhooks", page.getByText("No endpoints")],
    ["keys", page.getByText("No keys")],
    ["projects", page.getByRole("link", { name: "Usage", exact: true }).first()],
    ["nodes", page.getByRole("columnheader", { name: "Lease until" })],
    ["files", page.getByRole("button", { name: "Upload" })],
    ["stores", page.getByText("No vector stores yet")],
    ["nowhere", page.getByText("There is no such page")],
  ]) {
    await page.goto(address(section));
    await ready.waitFor();
    await check(page, `${section}-${size}`);
  }
  await page.goto(address("keys"));
  await page.getByRole("button", { name: "New key" }).first().click();
  await page.getByLabel("Name").fill("by a click");
  await page.getByRole("button", { name: "Create" }).click();
  await page.getByText("it is not shown again").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("cell", { name: "by a click" }).waitFor();
  await check(page, `key-${size}`);
  await page.getByRole("button", { name: "Delete" }).click();
  await page.getByRole("button", { name: "Delete the key" }).click();
  await page.getByText("No keys").waitFor();
}

async function hostile(page, size) {
  const thread = await api("POST", "/v1/threads", {
    messages: hostileTexts.map((content, index) => ({ role: index % 2 ? "assistant" : "user", content })),
    metadata: { user: '"><img src=x onerror=alert(1)>', "\u202Eevil": "javascript:alert(1)" },
  });
  await page.goto(address("threads", thread.id));
  await page.locator(".message").first().waitFor();
  const scroller = page.locator(".scroller");
  for (let y = 0; y < 40; y++) {
    await scroller.evaluate((element, at) => element.scrollTo(0, at), y * 500);
    const found = await page.evaluate(() => ({
      elements: document.querySelectorAll(".message :is(img, script, svg image, iframe, object, embed, form, style, base, meta, link, video, audio)").length,
      links: [...document.querySelectorAll(".message a[href]")].map((link) => `${link.protocol} ${link.rel}`),
      handlers: document.querySelectorAll("[onerror], [onload], [onclick], [srcdoc]").length,
      pwned: globalThis.pwned,
    }));
    assert.equal(found.elements, 0, "no element of a text");
    assert.equal(found.handlers, 0);
    assert.equal(found.pwned, undefined);
    for (const link of found.links) assert.match(link, /^https?: .*noopener.*$/);
  }
  await check(page, `hostile-${size}`);
  await page.goto(address("threads"));
  await page.locator(".thread-row").first().waitFor();
  await check(page, `hostile-list-${size}`);
}

const browser = await launch();
try {
  for (const [size, options] of [
    ["desktop", { viewport: { width: 1280, height: 800 }, colorScheme: "light" }],
    ["phone", { viewport: { width: 390, height: 780 }, colorScheme: "dark", hasTouch: true }],
  ]) {
    const { page, context, wrong } = await openPage(browser, options);
    page.setDefaultTimeout(60_000);
    try {
      await page.goto(address());
      await page.getByLabel("API key or admin key").waitFor();
      await check(page, `sign-in-${size}`);
      await signIn(page);
      await mainJob(page, size);
      await hostile(page, size);
      await assistants(page, size);
      await operation(page, size);
      if (size === "phone") {
        await page.getByRole("button", { name: "Open the menu" }).click();
        await check(page, "menu-phone");
        await page.keyboard.press("Escape");
        await page.getByRole("button", { name: "Open the menu" }).click();
      }
      await page.getByRole("button", { name: "Sign out" }).click();
      await page.getByLabel("API key or admin key").waitFor();
      assert.deepEqual(wrong, []);
    } catch (error) {
      console.log(`at ${page.url()}\n${wrong.join("\n")}\n${(await page.locator("body").innerText()).slice(0, 1_500)}`);
      throw error;
    }
    await context.close();
    for (const thread of (await api("GET", "/v1/threads?limit=100")).data) await api("DELETE", `/v1/threads/${thread.id}`);
    for (const made of (await api("GET", "/v1/assistants?limit=100")).data)
      if (made.id !== assistant.id) await api("DELETE", `/v1/assistants/${made.id}`);
  }
  console.log("ok: the console was driven");
} finally {
  await browser.close();
  await api("DELETE", `/v1/assistants/${assistant.id}`);
}
