import assert from "node:assert/strict";
import { calls } from "./sdk.mjs";
import { MODEL, assistant, assistants, collect, refusal, weather } from "./stage.mjs";

export default {
  "an assistant keeps all that it is created with": async () => {
    const everything = {
      model: MODEL,
      name: "Weather frog",
      description: "Climbs its ladder",
      instructions: "Answer in one line. ☔",
      tools: [{ type: "code_interpreter" }, weather],
      metadata: { team: "meteorology" },
      temperature: 0.5,
      top_p: 0.25,
      response_format: { type: "json_object" },
    };

    const made = await assistants.create(everything);

    assert.match(made.id, /^asst_/);
    assert.equal(made.object, "assistant");
    assert.ok(Math.abs(made.created_at - Date.now() / 1000) < 60, "created_at is Unix seconds");
    for (const [field, value] of Object.entries(everything)) {
      if (field !== "tools") {
        assert.deepEqual(made[field], value, field);
      }
    }
    assert.equal(made.tools[0].type, "code_interpreter");
    assert.deepEqual(made.tools[1].function.parameters, weather.function.parameters);
    assert.deepEqual(await assistants.retrieve(made.id), made, "it is retrieved as it was created");
  },

  "an assistant of a model alone has the defaults": async () => {
    const made = await assistants.create({ model: MODEL });

    assert.deepEqual(
      [made.name, made.description, made.instructions, made.tools, made.response_format],
      [null, null, null, [], "auto"],
    );
    assert.deepEqual([made.temperature, made.top_p], [1, 1]);
  },

  "an update changes what it names and nothing else": async () => {
    const made = await assistant({ name: "before", instructions: "stay" });

    const changed = await assistants.update(made.id, { name: "after", metadata: { a: "b" } });

    assert.deepEqual(changed, { ...made, name: "after", metadata: { a: "b" } });
    assert.deepEqual(await assistants.retrieve(made.id), changed);
  },

  "a deleted assistant is gone": async () => {
    const made = await assistant();

    const deleted = await calls.deleteAssistant(made.id);

    assert.deepEqual(deleted, { id: made.id, object: "assistant.deleted", deleted: true });
    assert.equal((await refusal(assistants.retrieve(made.id))).status, 404);
  },

  "auto-paging sees every one of more than a hundred assistants once, in order": async () => {
    const mark = `many-${Math.random()}`;
    const made = [];
    for (let i = 0; i < 105; i += 15) {
      const some = Array.from({ length: 15 }, () => assistant({ metadata: { mark } }));
      made.push(...(await Promise.all(some)));
    }
    const ids = made.map((each) => each.id).sort();
    const marked = (all) => all.filter((each) => each.metadata.mark === mark).map((each) => each.id);

    const newestFirst = marked(await collect(assistants.list()));
    const oldestFirst = marked(await collect(assistants.list({ order: "asc", limit: 100 })));

    assert.deepEqual([...newestFirst].sort(), ids, "each comes once in pages of twenty");
    assert.deepEqual(oldestFirst, [...newestFirst].reverse(), "asc is desc the other way round");
  },
};
