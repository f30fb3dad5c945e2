import assert from "node:assert/strict";
import { client } from "./sdk.mjs";
import { MODEL, collect, refusal } from "./stage.mjs";

export default {
  "models are listed and retrieved": async () => {
    const listed = await collect(client.models.list());
    const model = await client.models.retrieve(MODEL);

    assert.ok(listed.some((each) => each.id === MODEL));
    assert.deepEqual([model.id, model.object], [MODEL, "model"]);
    assert.equal(typeof model.created, "number");
    assert.equal(typeof model.owned_by, "string");
  },

  "embeddings are lists of numbers however they are sent": async () => {
    const input = ["a cat sleeps", "tax law"];
    const [whole, numbers, tokens, remote] = await Promise.all([
      client.embeddings.create({ model: "local", input }),
      client.embeddings.create({ model: "local", input, encoding_format: "float" }),
      client.embeddings.create({ model: "local", input: [[15339, 1917]], dimensions: 64 }),
      client.embeddings.create({ model: "text-embedding-3-small", input: "hello" }),
    ]);

    assert.deepEqual(whole.data.map((each) => each.index), [0, 1]);
    assert.equal(whole.data[1].embedding.length, 384);
    whole.data[1].embedding.forEach((each, i) => {
      assert.ok(Math.abs(each - numbers.data[1].embedding[i]) < 1e-5);
    });
    assert.equal(tokens.data[0].embedding.length, 64);
    assert.ok(whole.usage.prompt_tokens > 0);
    assert.equal(remote.model, "text-embedding-3-small");
  },

  "moderations are passed on or refused": async () => {
    const judged = await client.moderations.create({ input: ["hello", "this does harm"] });
    const refused = await refusal(client.moderations.create({ model: MODEL, input: "hello" }));

    assert.deepEqual(judged.results.map((each) => each.flagged), [false, true]);
    assert.deepEqual([refused.status, refused.param], [400, "model"]);
  },
};
