import assert from "node:assert/strict";
import { client } from "./sdk.mjs";
import { MODEL, collect } from "./stage.mjs";

export default {
  "models are listed and retrieved": async () => {
    const listed = await collect(client.models.list());
    const model = await client.models.retrieve(MODEL);

    assert.ok(listed.some((each) => each.id === MODEL));
    assert.deepEqual([model.id, model.object], [MODEL, "model"]);
    assert.equal(typeof model.created, "number");
    assert.equal(typeof model.owned_by, "string");
  },
};
