import assert from "node:assert/strict";
import { client } from "./sdk.mjs";
import { MODEL, collect, refusal, weather } from "./stage.mjs";

export default {
  "a chat completion is answered": async () => {
    const completion = await client.chat.completions.create({
      model: MODEL,
      messages: [{ role: "user", content: "/say Hi." }],
    });

    assert.equal(completion.object, "chat.completion");
    const [choice] = completion.choices;
    assert.deepEqual([choice.message.content, choice.finish_reason], ["Hi.", "stop"]);
    assert.ok(completion.usage.total_tokens > 0);
  },

  "a chat completion is streamed": async () => {
    const chunks = await collect(
      await client.chat.completions.create({
        model: MODEL,
        messages: [{ role: "user", content: "/say Bit by bit." }],
        stream: true,
        stream_options: { include_usage: true },
      }),
    );

    assert.ok(chunks.every((each) => each.object === "chat.completion.chunk"));
    const text = chunks.map((each) => each.choices[0]?.delta?.content ?? "").join("");
    assert.equal(text, "Bit by bit.");
    assert.ok(chunks.at(-1).usage.total_tokens > 0, "the last chunk counts the tokens");
  },

  "a chat completion calls functions": async () => {
    const completion = await client.chat.completions.create({
      model: MODEL,
      messages: [{ role: "user", content: 'call get_weather {"city": "Ulm"}' }],
      tools: [weather],
    });

    const [choice] = completion.choices;
    assert.equal(choice.finish_reason, "tool_calls");
    const [call] = choice.message.tool_calls;
    assert.deepEqual(
      [call.type, call.function.name, JSON.parse(call.function.arguments)],
      ["function", "get_weather", { city: "Ulm" }],
    );
  },

  "messages that are no list are refused": async () => {
    const error = await refusal(
      client.chat.completions.create({ model: MODEL, messages: "hello" }),
    );

    assert.equal(error.status, 400);
  },
};
