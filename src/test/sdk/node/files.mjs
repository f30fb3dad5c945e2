import assert from "node:assert/strict";
import { client } from "./sdk.mjs";
import { collect, refusal } from "./stage.mjs";

const TEXT = "The supplier may terminate the contract.";
const files = client.files;
const remove = (id) => (files.delete ? files.delete(id) : files.del(id));

export default {
  "a file is created, listed, read and deleted": async () => {
    const made = await files.create({ file: new File([TEXT], "a.txt"), purpose: "assistants" });

    assert.deepEqual([made.object, made.filename, made.bytes], ["file", "a.txt", TEXT.length]);
    assert.equal((await files.waitForProcessing(made.id)).status, "processed");
    assert.deepEqual(await files.retrieve(made.id), made);
    const listed = await collect(files.list({ purpose: "assistants" }));
    assert.ok(listed.some((file) => file.id === made.id));
    assert.equal(await (await files.content(made.id)).text(), TEXT);
    assert.deepEqual(await remove(made.id), { id: made.id, object: "file", deleted: true });
    assert.equal((await refusal(files.retrieve(made.id))).status, 404);
  },

  "a file is uploaded in parts": async () => {
    const upload = await client.uploads.create({
      filename: "a.txt",
      purpose: "assistants",
      bytes: TEXT.length,
      mime_type: "text/plain",
    });
    const [first, second] = await Promise.all(
      [TEXT.slice(0, 9), TEXT.slice(9)].map((piece) =>
        client.uploads.parts.create(upload.id, { data: new File([piece], "part") }),
      ),
    );

    const done = await client.uploads.complete(upload.id, { part_ids: [first.id, second.id] });

    assert.equal(done.status, "completed");
    assert.equal(await (await files.content(done.file.id)).text(), TEXT);
  },
};
