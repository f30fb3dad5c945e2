// The Vercel AI SDK: text, streams, tools and objects over chat completions and over responses.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

const provider = createOpenAICompatible({
  name: "threadmill",
  baseURL: `${process.env.THREADMILL_URL}/v1`,
  apiKey: process.env.THREADMILL_API_KEY,
  supportsStructuredOutputs: true,
});
async function everything(model) {
  const whole = await generateText({ model, prompt: "/say All is well." });
  assert.equal(whole.text, "All is well.");

  let streamed = "";
  for await (const piece of streamText({ model, prompt: "/say Bit by bit." }).textStream) {
    streamed += piece;
  }
  assert.equal(streamed, "Bit by bit.");

  const schema = jsonSchema({
    type: "object",
    properties: { city: { type: "string" } },
    required: ["city"],
    additionalProperties: false,
  });
  const called = await generateText({
    model,
    prompt: 'call get_weather {"city": "Ulm"}',
    tools: { get_weather: tool({ inputSchema: schema, execute: ({ city }) => `sunny in ${city}` }) },
    stopWhen: stepCountIs(2),
  });
  assert.match(called.text, /sunny in Ulm/);

  const { object } = await generateObject({ model, prompt: "Where?", schema });
  assert.equal(typeof object.city, "string");
}

await everything(provider("rehearsal"));

const openai = createOpenAI({
  baseURL: `${process.env.THREADMILL_URL}/v1`,
  apiKey: process.env.THREADMILL_API_KEY,
});
await everything(openai.responses("rehearsal"));

const searched = await generateText({
  model: openai.responses("rehearsal"),
  prompt: 'call web_search {"query": "rain in Graz"}',
  tools: { web_search: openai.tools.webSearch({ searchContextSize: "low" }) },
});
assert.ok(searched.toolCalls.some((call) => call.toolName === "web_search"));
assert.match(JSON.stringify(searched.toolResults), /news\.example/);

for (const name of ["ai", "@ai-sdk/openai", "@ai-sdk/openai-compatible"]) {
  const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
  console.log(name, JSON.parse(await readFile(file, "utf8")).version);
}
console.log("OK");
