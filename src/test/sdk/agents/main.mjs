// The Agents SDK for Node: tools, hand-offs, typed output, chains, sessions and hosted tools.
// THREADMILL_URL is the address of the server, THREADMILL_API_KEY the key.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  Agent,
  MemorySession,
  OpenAIConversationsSession,
  OpenAIResponsesCompactionSession,
  Runner,
  codeInterpreterTool,
  fileSearchTool,
  hostedMcpTool,
  setDefaultOpenAIClient,
  setTracingDisabled,
  tool,
  webSearchTool,
} from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";

const client = new OpenAI({
  baseURL: `${process.env.THREADMILL_URL ?? "http://localhost:8080"}/v1`,
  apiKey: process.env.THREADMILL_API_KEY,
});
setDefaultOpenAIClient(client);
setTracingDisabled(true);

const model = "rehearsal"; // the offline model: commands in the user's text control its answers
const runner = new Runner({ tracingDisabled: true });
const weather = tool({
  name: "get_weather",
  description: "Reports the weather of a city.",
  parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => `sunny in ${city}`,
});
const reporter = new Agent({ name: "reporter", model, tools: [weather] });

async function tools() {
  const said = await runner.run(reporter, 'call get_weather {"city": "Ulm"}');
  assert.match(said.finalOutput, /sunny in Ulm/);
  assert.ok(said.rawResponses.at(-1).usage.outputTokens > 0);
  const chained = await runner.run(reporter, "/say More.", {
    previousResponseId: said.lastResponseId,
  });
  assert.equal(chained.finalOutput, "More.");
}

async function streams() {
  const streamed = await runner.run(reporter, 'call get_weather {"city": "Bonn"}', { stream: true });
  const kinds = new Set();
  for await (const event of streamed) {
    kinds.add(event.type === "run_item_stream_event" ? event.name : event.type);
  }
  await streamed.completed;
  assert.match(streamed.finalOutput, /sunny in Bonn/);
  assert.ok(kinds.has("tool_called") && kinds.has("tool_output"), [...kinds].join());
}

async function handOffs() {
  const poet = new Agent({ name: "poet", model });
  const triage = Agent.create({ name: "triage", model, handoffs: [poet] });
  const handed = await runner.run(triage, "call transfer_to_poet {}");
  assert.equal(handed.lastAgent.name, "poet");
}

async function typedOutput() {
  const typed = new Agent({ name: "typed", model, outputType: z.object({ city: z.string() }) });
  const answer = await runner.run(typed, '/say {"city": "Ulm"}');
  assert.deepEqual(answer.finalOutput, { city: "Ulm" });
}

async function conversations() {
  const session = new OpenAIConversationsSession({ client });
  await runner.run(reporter, 'call get_weather {"city": "Rome"}', { session });
  await runner.run(reporter, "/say Bye.", { session });
  const types = (await session.getItems()).map((item) => item.type ?? "message");
  assert.deepEqual(types, [
    "message",
    "function_call",
    "function_call_result",
    "message",
    "message",
    "message",
  ]);
  const popped = await session.popItem();
  assert.equal(popped.role, "assistant");
  await session.clearSession();
  const { id } = await client.conversations.create({});
  const named = await runner.run(reporter, "/say Hi.", { conversationId: id });
  assert.equal(named.finalOutput, "Hi.");
}

async function compaction() {
  const session = new OpenAIResponsesCompactionSession({
    client,
    // The session refuses names of models that it does not know.
    model: "gpt-4.1",
    underlyingSession: new MemorySession(),
    shouldTriggerCompaction: () => false,
  });
  const keeper = new Agent({ name: "keeper", model });
  await runner.run(keeper, "My name is Ada.", { session });
  await runner.run(keeper, "/say Noted.", { session });
  session.model = model;
  await session.runCompaction({ force: true });
  const items = await session.getItems();
  assert.equal(items.at(-1).type, "compaction", JSON.stringify(items));
  const after = await runner.run(keeper, "/say Still here.", { session });
  assert.equal(after.finalOutput, "Still here.");
}

async function hostedTools() {
  const store = await client.vectorStores.create({ name: "facts" });
  const file = await client.files.create({
    file: new File(["The harbour of Kiel opens at seven."], "harbour.txt"),
    purpose: "assistants",
  });
  await client.vectorStores.files.createAndPoll(store.id, { file_id: file.id });
  const searcher = new Agent({
    name: "searcher",
    model,
    tools: [fileSearchTool(store.id, { includeSearchResults: true }), webSearchTool()],
  });
  const found = await runner.run(searcher, 'call file_search {"queries": ["harbour of Kiel"]}');
  const call = found.newItems.map((item) => item.rawItem).find((item) => item.type === "hosted_tool_call");
  assert.match(JSON.stringify(call), /opens at seven/);
  const mcp = (options) =>
    hostedMcpTool({ serverLabel: "slow", serverUrl: process.env.MCP_URL, ...options });
  await hostedCall(webSearchTool(), 'call web_search {"query": "rain in Graz"}', /rain in Graz/);
  await hostedCall(mcp({ requireApproval: "never" }), 'call slow_echo {"text": "hi"}', /you said hi/);
  const asked = [];
  await hostedCall(
    mcp({
      requireApproval: "always",
      onApproval: async (_, request) => {
        asked.push(request.rawItem.name);
        return { approve: true };
      },
    }),
    'call slow_echo {"text": "hi again"}',
    /you said hi again/,
  );
  assert.deepEqual(asked, ["echo"]);
  if (process.env.CODE === "true") {
    const coder = codeInterpreterTool({ container: { type: "auto", file_ids: [file.id] } });
    await hostedCall(coder, 'call code_interpreter {"code": "print(6 * 7)"}', /6 \* 7/);
  }
}

async function hostedCall(hosted, command, expected) {
  const said = await runner.run(new Agent({ name: "worker", model, tools: [hosted] }), command);
  assert.match(JSON.stringify(said.newItems.map((item) => item.rawItem)), expected);
}

await Promise.all([tools(), streams(), handOffs(), typedOutput(), conversations(), hostedTools()]);
await compaction();
const { version } = JSON.parse(readFileSync("node_modules/@openai/agents/package.json"));
console.log("@openai/agents", version);
console.log("OK");
