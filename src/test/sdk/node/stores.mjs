import assert from "node:assert/strict";
import { client } from "./sdk.mjs";
import { assistant, collect, messages, runs, textOf, threads } from "./stage.mjs";

const stores = client.vectorStores ?? client.beta.vectorStores;
const CONTRACT = "The supplier may terminate the contract with a notice of ninety days.";

function upload(name, text) {
  return client.files.create({ file: new File([text], name), purpose: "assistants" });
}

export default {
  "a batch is polled until all of its files are indexed": async () => {
    const files = await Promise.all([upload("a.txt", CONTRACT), upload("b.txt", "Potatoes.")]);
    const store = await stores.create({ name: "s" });

    const batch = await stores.fileBatches.createAndPoll(store.id, {
      file_ids: files.map((file) => file.id),
    });

    assert.deepEqual([batch.status, batch.file_counts.completed], ["completed", 2]);
    assert.equal((await stores.retrieve(store.id)).file_counts.completed, 2);
    const listed = await collect(stores.files.list(store.id));
    assert.deepEqual(new Set(listed.map((file) => file.id)), new Set(files.map((file) => file.id)));
    if (stores.search) {
      const found = await collect(stores.search(store.id, { query: "notice period" }));
      assert.equal(found[0].filename, "a.txt");
    }
  },

  "an answer cites an attached file": async () => {
    const file = await upload("contract.txt", CONTRACT);
    const made = await assistant({ tools: [{ type: "file_search" }] });
    const thread = await threads.create({
      messages: [
        {
          role: "user",
          content: 'call file_search {"queries": ["notice period of the supplier"]}',
          attachments: [{ file_id: file.id, tools: [{ type: "file_search" }] }],
        },
      ],
    });

    const stream = runs.stream(thread.id, { assistant_id: made.id });
    const [message] = await stream.finalMessages();

    const { value, annotations } = message.content[0].text;
    const [cited] = annotations;
    assert.equal(cited.file_citation.file_id, file.id);
    assert.equal([...value].slice(cited.start_index, cited.end_index).join(""), cited.text);
    const page = await messages.list(thread.id, { limit: 1 });
    assert.equal(textOf(page.data[0]), value);
    assert.deepEqual(page.data[0].content[0].text.annotations.length, annotations.length);
  },
};
