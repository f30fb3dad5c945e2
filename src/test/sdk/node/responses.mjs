// Responses and conversations. The accumulator of the SDK throws on any event it does not expect.

import assert from "node:assert/strict";
import { client } from "./sdk.mjs";

const model = "rehearsal";
const tools = [
  {
    type: "function",
    name: "get_weather",
    parameters: { type: "object", properties: { city: { type: "string" } } },
    strict: false,
  },
];

export default {
  "a stream folds to the response that is stored": async () => {
    const stream = client.responses.stream({ model, input: "/say One two three." });
    const types = [];
    for await (const event of stream) types.push(event.type);
    const final = await stream.finalResponse();

    assert.equal(types[0], "response.created");
    assert.equal(types.at(-1), "response.completed");
    assert.equal(final.output_text, "One two three.");
    const stored = await client.responses.retrieve(final.id);
    assert.deepEqual(stored.output, JSON.parse(JSON.stringify(final.output, withoutParsed)));
  },

  "a stream is resumed by its number": async () => {
    const first = await client.responses.create({ model, input: "/say One two.", background: true });
    const stream = client.responses.stream({ response_id: first.id, starting_after: 2 });
    const numbers = [];
    for await (const event of stream) numbers.push(event.sequence_number);

    assert.equal(numbers[0], 3);
    assert.equal((await stream.finalResponse()).output_text, "One two.");
  },

  "function calls are folded and answered in the chain": async () => {
    const stream = client.responses.stream({
      model,
      tools,
      input: 'call get_weather {"city": "Ulm"}',
    });
    const first = await stream.finalResponse();
    const call = first.output[0];
    assert.equal(call.type, "function_call");

    const second = await client.responses.create({
      model,
      tools,
      previous_response_id: first.id,
      input: [{ type: "function_call_output", call_id: call.call_id, output: "rain" }],
    });

    assert.match(second.output_text, /rain/);
  },

  "reasoning is folded": async () => {
    const stream = client.responses.stream({
      model,
      reasoning: { summary: "auto" },
      include: ["reasoning.encrypted_content"],
      input: "/think Let me see. /say Done.",
    });
    const final = await stream.finalResponse();

    assert.equal(final.status, "completed");
  },

  "a conversation keeps what was said": async () => {
    const conversation = await client.conversations.create({});
    await client.responses.create({ model, conversation: conversation.id, input: "/say Hi." });
    const items = [];
    for await (const item of client.conversations.items.list(conversation.id, { limit: 1 })) {
      items.push(item.type);
    }

    assert.deepEqual(items, ["message", "message"]);
    assert.equal((await client.conversations.delete(conversation.id)).deleted, true);
  },
};

function withoutParsed(key, value) {
  return key === "parsed" || key === "parsed_arguments" ? undefined : value;
}
