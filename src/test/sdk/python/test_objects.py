"""Assistants, threads and messages, and their lists."""

import unittest

import openai
from stage import MODEL, TOOLS, assistants, client, messages, text_of, threads


class Objects(unittest.TestCase):
    def test_an_assistant_is_created_changed_listed_and_deleted(self):
        made = assistants.create(
            model=MODEL,
            name="Weather frog",
            instructions="Answer in one line. ☔",
            tools=TOOLS,
            metadata={"team": "meteorology"},
            temperature=0.5,
            response_format={"type": "json_object"},
        )
        self.assertEqual(assistants.retrieve(made.id), made)
        self.assertEqual((made.temperature, made.top_p), (0.5, 1))

        changed = assistants.update(made.id, name="Frog")
        self.assertEqual(changed.name, "Frog")
        self.assertEqual(changed.instructions, made.instructions)

        self.assertIn(made.id, [each.id for each in assistants.list(limit=100).data])
        deleted = assistants.delete(made.id)
        self.assertEqual((deleted.object, deleted.deleted), ("assistant.deleted", True))
        with self.assertRaises(openai.NotFoundError):
            assistants.retrieve(made.id)

    def test_a_thread_and_its_messages_are_created_changed_and_deleted(self):
        thread = threads.create(messages=[{"role": "user", "content": "one"}])
        message = messages.create(
            thread.id,
            role="user",
            content=[
                {"type": "text", "text": "two"},
                {"type": "image_url", "image_url": {"url": "https://example.org/frog.png"}},
            ],
        )
        self.assertEqual([part.type for part in message.content], ["text", "image_url"])
        changed = messages.update(message.id, thread_id=thread.id, metadata={"a": "b"})
        self.assertEqual(changed.metadata, {"a": "b"})
        self.assertEqual(messages.retrieve(message.id, thread_id=thread.id), changed)
        self.assertTrue(messages.delete(message.id, thread_id=thread.id).deleted)
        self.assertEqual([text_of(m) for m in messages.list(thread.id)], ["one"])

        self.assertEqual(threads.update(thread.id, metadata={"x": "y"}).metadata, {"x": "y"})
        self.assertTrue(threads.delete(thread.id).deleted)
        with self.assertRaises(openai.NotFoundError):
            threads.retrieve(thread.id)

    def test_auto_paging_reads_all_in_both_orders(self):
        many = [{"role": "user", "content": f"m{i}"} for i in range(45)]
        thread = threads.create(messages=many)
        texts = [each["content"] for each in many]

        oldest_first = [text_of(m) for m in messages.list(thread.id, order="asc", limit=10)]
        newest_first = [text_of(m) for m in messages.list(thread.id)]

        self.assertEqual(oldest_first, texts)
        self.assertEqual(newest_first, texts[::-1])

    def test_both_cursors_work_in_both_orders(self):
        thread = threads.create(messages=[{"role": "user", "content": f"m{i}"} for i in range(5)])
        middle = messages.list(thread.id, order="asc").data[2].id
        read = lambda **query: [text_of(m) for m in messages.list(thread.id, **query).data]

        self.assertEqual(read(order="asc", after=middle), ["m3", "m4"])
        self.assertEqual(read(order="desc", after=middle), ["m1", "m0"])
        self.assertEqual(read(order="asc", before=middle), ["m0", "m1"])
        self.assertEqual(read(order="desc", before=middle), ["m4", "m3"])

    def test_models_are_listed(self):
        self.assertIn(MODEL, [model.id for model in client.models.list()])
        self.assertEqual(client.models.retrieve(MODEL).object, "model")

    def test_a_chat_completion_is_answered_and_streamed(self):
        said = [{"role": "user", "content": "/say Bit by bit."}]

        whole = client.chat.completions.create(model=MODEL, messages=said)
        chunks = list(client.chat.completions.create(model=MODEL, messages=said, stream=True))

        self.assertEqual(whole.choices[0].message.content, "Bit by bit.")
        pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
        self.assertEqual("".join(pieces), "Bit by bit.")
