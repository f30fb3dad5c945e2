// All scenarios with one version of the SDK: node main.mjs 7
// THREADMILL_URL is the address of the server, THREADMILL_API_KEY the key.

import { describe, it, after } from "node:test";
import assert from "node:assert/strict";
import { answers, major } from "./sdk.mjs";

describe(`npm openai ${major}.x`, { concurrency: 6, timeout: 120_000 }, async () => {
  const scenarios = [
    "assistants",
    "messages",
    "runs",
    "streams",
    "tools",
    "routing",
    "cancel",
    "errors",
    "models",
    "chat",
    "files",
    "stores",
    ...(major === 7 ? ["responses", "webhooks"] : []),
  ];
  for (const theme of scenarios) {
    for (const [sentence, scenario] of Object.entries((await import(`./${theme}.mjs`)).default)) {
      it(`${theme}: ${sentence}`, { timeout: 60_000 }, scenario);
    }
  }

  after(() => {
    const wrong = answers.filter(({ status }) => status >= 500 || status === 409);
    assert.deepEqual(wrong, [], "the server never failed, and never answered what SDKs retry");
  });
});
