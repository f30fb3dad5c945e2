// Random answers of a model: what the SDK folds of each stream equals what is stored.

import assert from "node:assert/strict";
import { client } from "./sdk.mjs";

const SEEDS = 80;
const include = ["web_search_call.action.sources"];
const parameters = { type: "object", properties: {} };
const tools = [
  { type: "function", name: "ask", parameters, strict: false },
  {
    type: "function",
    name: "tell",
    parameters: { type: "object", properties: { x: { type: "string" } } },
    strict: false,
  },
  { type: "custom", name: "shell" },
  { type: "web_search" },
];

// Without what the SDK adds to a response that it has folded.
function plain(value) {
  const added = new Set(["parsed", "parsed_arguments", "output_text", "output_parsed", "_request_id"]);
  return JSON.parse(JSON.stringify(value, (key, each) => (added.has(key) ? undefined : each)));
}

async function check(seed) {
  const stream = client.responses.stream({
    model: `random-${seed}`,
    input: "Go",
    tools,
    include,
    background: seed % 4 === 0,
    reasoning: seed % 2 ? { summary: "auto" } : {},
  });
  let last;
  for await (const event of stream) last = event;
  const stored = await client.responses.retrieve(last.response.id, { include });
  assert.equal(last.type, `response.${stored.status}`, `seed ${seed}`);
  const folded = await stream.finalResponse();
  assert.deepEqual(plain(folded), plain(stored), `seed ${seed}`);
  return [last.type, stored.output.map((item) => item.type)];
}

const results = [];
let next = 0;
await Promise.all(
  [1, 2, 3, 4].map(async () => {
    while (next < SEEDS) results.push(await check(next++));
  }),
);
const sorted = (all) => [...new Set(all)].sort();
assert.deepEqual(sorted(results.map(([end]) => end)), [
  "response.completed",
  "response.failed",
  "response.incomplete",
]);
assert.deepEqual(sorted(results.flatMap(([, kinds]) => kinds)), [
  "custom_tool_call",
  "function_call",
  "message",
  "reasoning",
  "web_search_call",
]);
console.log("OK");
