"""Vector stores, their files and batches, searches, and runs that cite files."""

import unittest

from openai import BadRequestError, NotFoundError
from stage import assistants, client, messages, names_of, runs, threads

stores = client.vector_stores
CONTRACT = "The supplier may terminate the contract with a notice of ninety days."
RECIPE = "Boil the potatoes for twenty minutes, then mash them with butter."
QUERY = 'call file_search {"queries": ["notice period of the supplier"]}'


def upload(name, text):
    return client.files.create(file=(name, text.encode()), purpose="assistants")


class VectorStores(unittest.TestCase):
    def test_a_store_is_created_changed_listed_and_deleted(self):
        made = stores.create(
            name="Contracts",
            expires_after={"anchor": "last_active_at", "days": 3},
            metadata={"a": "b"},
        )
        self.assertEqual((made.status, made.file_counts.total), ("completed", 0))
        changed = stores.update(made.id, name="Others", metadata={"c": "d"})
        self.assertEqual((changed.name, changed.metadata), ("Others", {"c": "d"}))
        self.assertIn(made.id, [each.id for each in stores.list(limit=100)])
        self.assertTrue(stores.delete(made.id).deleted)
        with self.assertRaises(NotFoundError):
            stores.retrieve(made.id)

    def test_files_are_added_polled_searched_and_removed(self):
        store = stores.create()
        added = stores.files.create_and_poll(
            upload("contract.txt", CONTRACT).id,
            vector_store_id=store.id,
            attributes={"year": 2024},
            chunking_strategy={
                "type": "static",
                "static": {"max_chunk_size_tokens": 200, "chunk_overlap_tokens": 20},
            },
        )
        self.assertEqual((added.status, added.last_error), ("completed", None))
        other = stores.files.upload_and_poll(
            vector_store_id=store.id, file=("recipe.txt", RECIPE.encode())
        )
        self.assertEqual(other.status, "completed")
        found = stores.search(store.id, query="how to end the agreement", max_num_results=1)
        self.assertEqual([each.file_id for each in found.data], [added.id])
        self.assertEqual(found.data[0].content[0].text, CONTRACT)
        filtered = stores.search(
            store.id,
            query=["potatoes", "contract"],
            filters={"type": "gte", "key": "year", "value": 2024},
        )
        self.assertEqual({each.file_id for each in filtered.data}, {added.id})
        text = [each.text for each in stores.files.content(added.id, vector_store_id=store.id)]
        self.assertEqual(text, [CONTRACT])
        self.assertTrue(stores.files.delete(added.id, vector_store_id=store.id).deleted)
        self.assertEqual([each.id for each in stores.files.list(store.id)], [other.id])

    def test_a_batch_is_polled(self):
        store = stores.create()
        ids = [upload(f"{i}.txt", f"{RECIPE} {i}").id for i in range(3)]
        batch = stores.file_batches.create_and_poll(vector_store_id=store.id, file_ids=ids)
        self.assertEqual((batch.status, batch.file_counts.completed), ("completed", 3))
        listed = stores.file_batches.list_files(batch.id, vector_store_id=store.id)
        self.assertEqual({each.id for each in listed}, set(ids))

    def test_an_invalid_request_names_the_field(self):
        with self.assertRaises(BadRequestError) as refused:
            stores.create(file_ids=["file-none"])
        self.assertEqual(refused.exception.param, "file_ids")


class Citations(unittest.TestCase):
    def test_a_streamed_answer_cites_an_attached_file(self):
        file = upload("contract.txt", CONTRACT)
        assistant = assistants.create(model="rehearsal", tools=[{"type": "file_search"}])
        thread = threads.create(
            messages=[
                {
                    "role": "user",
                    "content": QUERY,
                    "attachments": [{"file_id": file.id, "tools": [{"type": "file_search"}]}],
                }
            ]
        )
        with runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
            events = list(stream)
            final = stream.get_final_messages()
        self.assertEqual(names_of(events)[-1], "thread.run.completed")
        text = final[0].content[0].text
        cited = text.annotations[0]
        self.assertEqual((cited.type, cited.file_citation.file_id), ("file_citation", file.id))
        self.assertEqual(text.value[cited.start_index : cited.end_index], cited.text)
        stored = messages.list(thread.id, limit=1).data[0].content[0].text
        self.assertEqual([each.text for each in stored.annotations], [cited.text])
        run = runs.list(thread.id).data[0]
        step = runs.steps.list(
            run.id,
            thread_id=thread.id,
            order="asc",
            include=["step_details.tool_calls[*].file_search.results[*].content"],
        ).data[0]
        search = step.step_details.tool_calls[0]
        self.assertEqual(search.type, "file_search")
        self.assertEqual(search.file_search.results[0].content[0].text, CONTRACT)
