import assert from "node:assert/strict";
import { calls } from "./sdk.mjs";
import { collect, messages, refusal, textOf, threads } from "./stage.mjs";

const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

async function threadOf(count) {
  const thread = await threads.create();
  for (let i = 0; i < count; i++) {
    await messages.create(thread.id, { role: "user", content: `m${i}` });
  }
  return thread;
}

const texts = (page) => page.data.map(textOf);

export default {
  "a thread is created, changed and deleted": async () => {
    const thread = await threads.create({ metadata: { user: "ada" } });
    assert.match(thread.id, /^thread_/);
    assert.equal(thread.object, "thread");
    assert.deepEqual(await threads.retrieve(thread.id), thread);

    const changed = await threads.update(thread.id, { metadata: { user: "bob" } });
    assert.deepEqual(changed.metadata, { user: "bob" });

    const deleted = await calls.deleteThread(thread.id);
    assert.deepEqual(deleted, { id: thread.id, object: "thread.deleted", deleted: true });
    assert.equal((await refusal(threads.retrieve(thread.id))).status, 404);
  },

  "a thread can be created with its first messages, in their order": async () => {
    const thread = await threads.create({
      messages: [
        { role: "user", content: "one", metadata: { n: "1" } },
        { role: "assistant", content: "two" },
        { role: "user", content: [{ type: "text", text: "three" }] },
      ],
    });

    const page = await messages.list(thread.id, { order: "asc" });

    assert.deepEqual(texts(page), ["one", "two", "three"]);
    assert.deepEqual(page.data.map((each) => each.role), ["user", "assistant", "user"]);
    assert.deepEqual(page.data[0].metadata, { n: "1" });
  },

  "a message of a plain string comes back as one text part": async () => {
    const thread = await threads.create();

    const message = await messages.create(thread.id, { role: "user", content: "Hello 🐸" });

    assert.match(message.id, /^msg_/);
    assert.equal(message.object, "thread.message");
    assert.equal(message.thread_id, thread.id);
    assert.deepEqual(message.content, [{ type: "text", text: { value: "Hello 🐸", annotations: [] } }]);
    assert.deepEqual([message.assistant_id, message.run_id], [null, null]);
    assert.deepEqual(await calls.message(thread.id, message.id), message);
  },

  "a message keeps its text and image parts in order": async () => {
    const thread = await threads.create();

    const message = await messages.create(thread.id, {
      role: "user",
      content: [
        { type: "text", text: "What is this?" },
        { type: "image_url", image_url: { url: PIXEL, detail: "low" } },
        { type: "text", text: "And this?" },
      ],
    });

    assert.deepEqual(message.content.map((part) => part.type), ["text", "image_url", "text"]);
    assert.deepEqual(message.content[1].image_url, { url: PIXEL, detail: "low" });
  },

  "a message's metadata can be changed, and a message deleted": async () => {
    const thread = await threadOf(2);
    const [last, first] = (await messages.list(thread.id)).data;

    const changed = await calls.updateMessage(thread.id, first.id, { metadata: { read: "yes" } });
    const deleted = await calls.deleteMessage(thread.id, last.id);

    assert.deepEqual(changed, { ...first, metadata: { read: "yes" } });
    assert.deepEqual(deleted, { id: last.id, object: "thread.message.deleted", deleted: true });
    assert.deepEqual((await messages.list(thread.id)).data, [changed]);
    assert.equal((await refusal(calls.message(thread.id, last.id))).status, 404);
  },

  "both cursors work in both orders, and exclude what they name": async () => {
    const thread = await threadOf(7);
    const all = (await messages.list(thread.id, { order: "asc" })).data;
    const middle = all[3].id;
    const list = async (query) => texts(await messages.list(thread.id, query));

    assert.deepEqual(await list({ order: "asc", after: middle }), ["m4", "m5", "m6"]);
    assert.deepEqual(await list({ order: "desc", after: middle }), ["m2", "m1", "m0"]);
    assert.deepEqual(await list({ order: "asc", before: middle }), ["m0", "m1", "m2"]);
    assert.deepEqual(await list({ order: "desc", before: middle }), ["m6", "m5", "m4"]);
    assert.deepEqual(await list({}), ["m6", "m5", "m4", "m3", "m2", "m1", "m0"]);
  },

  "a page says whether there is more, and which ids it goes from and to": async () => {
    const thread = await threadOf(3);
    const read = async (query) => (await messages.list(thread.id, query).withResponse()).response;

    const full = await messages.list(thread.id, { limit: 2 });
    const rest = await messages.list(thread.id, { limit: 2, after: full.data[1].id });
    const past = await messages.list(thread.id, { limit: 2, after: rest.data[0].id });

    assert.equal(full.has_more, true);
    assert.equal(full.first_id ?? full.body?.first_id ?? full.data[0].id, full.data[0].id);
    assert.equal(rest.has_more, false);
    assert.deepEqual([rest.data.length, past.data.length, past.has_more], [1, 0, false]);
    assert.equal((await read({ limit: 2 })).status, 200);
  },

  "auto-paging reads more than a hundred messages in order": async () => {
    const many = Array.from({ length: 110 }, (_, i) => ({ role: "user", content: `m${i}` }));
    const thread = await threads.create({ messages: many.slice(0, 100) });
    for (const message of many.slice(100)) {
      await messages.create(thread.id, message);
    }

    const read = await collect(messages.list(thread.id, { order: "asc", limit: 30 }));

    assert.deepEqual(read.map(textOf), many.map((each) => each.content));
  },
};
