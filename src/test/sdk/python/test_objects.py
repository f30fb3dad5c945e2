"""Assistants, threads and messages, and their lists."""

import unittest

import openai
from stage import BASE, KEY, MODEL, TOOLS, assistants, client, messages, text_of, threads


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

    def test_embeddings_are_lists_of_numbers_however_they_are_sent(self):
        texts = ["a cat sleeps", "tax law"]
        # The SDK asks for Base64, which its own strict validation does not accept.
        lenient = openai.OpenAI(base_url=BASE, api_key=KEY, timeout=30)
        default = lenient.embeddings.create(model="local", input=texts)
        numbers = client.embeddings.create(model="local", input=texts, encoding_format="float")
        shorter = lenient.embeddings.create(model="local", input=[[15339, 1917]], dimensions=64)

        self.assertEqual([each.index for each in default.data], [0, 1])
        self.assertEqual(len(default.data[1].embedding), 384)
        for one, other in zip(default.data[1].embedding, numbers.data[1].embedding):
            self.assertAlmostEqual(one, other, places=5)
        self.assertEqual(len(shorter.data[0].embedding), 64)
        self.assertGreater(default.usage.prompt_tokens, 0)
        remote = lenient.embeddings.create(model="text-embedding-3-small", input="hello")
        self.assertEqual(remote.model, "text-embedding-3-small")

    def test_moderations_are_passed_on_or_refused(self):
        flagged = client.moderations.create(input=["hello", "this does harm"])
        self.assertEqual([each.flagged for each in flagged.results], [False, True])
        with self.assertRaises(openai.BadRequestError) as refused:
            client.moderations.create(model=MODEL, input="hello")
        self.assertEqual(refused.exception.param, "model")

    def test_a_chat_completion_is_answered_and_streamed(self):
        said = [{"role": "user", "content": "/say Bit by bit."}]

        whole = client.chat.completions.create(model=MODEL, messages=said)
        chunks = list(client.chat.completions.create(model=MODEL, messages=said, stream=True))

        self.assertEqual(whole.choices[0].message.content, "Bit by bit.")
        pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
        self.assertEqual("".join(pieces), "Bit by bit.")
