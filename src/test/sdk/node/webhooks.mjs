import assert from "node:assert/strict";
import { createServer } from "node:http";
import { client, OpenAI } from "./sdk.mjs";
import { collect } from "./stage.mjs";

/** A receiver on this machine; `received` resolves with the first request. */
async function receiver() {
  let arrived;
  const received = new Promise((resolve) => (arrived = resolve));
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      arrived({ headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(200).end();
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { received, url: `http://127.0.0.1:${server.address().port}/`, server };
}

export default {
  "an endpoint is created, changed, listed and deleted": async () => {
    const made = await client.webhooks.create({
      name: "first",
      url: "https://example.com/hook",
      event_types: ["run.completed"],
    });
    assert.match(made.signing_secret, /^whsec_/);
    const changed = await client.webhooks.update(made.id, { name: "second" });
    assert.deepEqual([changed.name, changed.url], ["second", "https://example.com/hook"]);
    assert.equal((await client.webhooks.retrieve(made.id)).name, "second");
    assert.ok((await collect(client.webhooks.list())).some((each) => each.id === made.id));
    const rotated = await client.webhooks.rotateSecret(made.id, {});
    assert.notEqual(rotated.signing_secret, made.signing_secret);
    assert.equal((await client.webhooks.delete(made.id)).deleted, true);
    await assert.rejects(client.webhooks.retrieve(made.id), OpenAI.NotFoundError);
  },

  "a delivery is unwrapped, and one that was changed is refused": async () => {
    const { received, url, server } = await receiver();
    try {
      const made = await client.webhooks.create({ name: "n", url, event_types: ["*"] });
      const result = await client.webhooks.test(made.id, { event_type: "run.completed" });
      assert.equal(result.status_code, 200);
      const { headers, body } = await received;
      const event = await client.webhooks.unwrap(body, headers, made.signing_secret);
      assert.equal(event.type, "run.completed");
      assert.equal(event.id, headers["webhook-id"]);
      await assert.rejects(client.webhooks.unwrap(body + " ", headers, made.signing_secret));
      await client.webhooks.delete(made.id);
    } finally {
      server.close();
    }
  },
};
