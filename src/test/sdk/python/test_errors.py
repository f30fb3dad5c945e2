"""Rejected requests and their exceptions."""

import unittest

import openai
from stage import BASE, MODEL, assistants, client, messages, outputs, runs, threads, waiting

NOBODY = "asst_0000000000000000000000000"


class Errors(unittest.TestCase):
    def test_what_does_not_exist_is_a_not_found_error_with_a_request_id(self):
        with self.assertRaises(openai.NotFoundError) as raised:
            assistants.retrieve(NOBODY)

        error = raised.exception
        self.assertEqual((error.status_code, error.type), (404, "invalid_request_error"))
        self.assertIn(f"No assistant found with id '{NOBODY}'", error.message)
        self.assertTrue(error.request_id)

    def test_a_wrong_key_is_an_authentication_error(self):
        with self.assertRaises(openai.AuthenticationError) as raised:
            openai.OpenAI(base_url=BASE, api_key="sk-wrong").beta.assistants.list()

        self.assertEqual(raised.exception.code, "invalid_api_key")

    def test_what_is_wrong_in_a_request_is_named(self):
        wrong = {
            "temperature": {"model": MODEL, "temperature": 3},
            "metadata": {"model": MODEL, "metadata": {"k": "v" * 513}},
            "tools[0].type": {"model": MODEL, "tools": [{"type": "nope"}]},
            "flavour": {"model": MODEL, "extra_body": {"flavour": "sweet"}},
        }
        for param, body in wrong.items():
            with self.subTest(param), self.assertRaises(openai.BadRequestError) as raised:
                assistants.create(**body)
            self.assertTrue(raised.exception.param.startswith(param), raised.exception.param)

    def test_a_locked_thread_is_a_bad_request_in_the_known_words(self):
        thread, run, calls = waiting()

        with self.assertRaises(openai.BadRequestError) as message:
            messages.create(thread.id, role="user", content="x")
        with self.assertRaises(openai.BadRequestError) as second:
            runs.create(thread_id=thread.id, assistant_id=run.assistant_id)

        self.assertIn(
            f"Can't add messages to {thread.id} while a run {run.id} is active.",
            message.exception.message,
        )
        self.assertIn(
            f"Thread {thread.id} already has an active run {run.id}.", second.exception.message
        )
        runs.cancel(run.id, thread_id=thread.id)

    def test_wrong_outputs_are_refused_and_the_right_ones_still_taken(self):
        thread, run, calls = waiting()
        submit = lambda results: runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread.id, tool_outputs=results
        )

        with self.assertRaises(openai.BadRequestError):
            submit(outputs(calls)[:1])

        self.assertEqual(submit(outputs(calls)).status, "completed")
        with self.assertRaises(openai.BadRequestError):
            submit(outputs(calls))

    def test_a_stream_that_is_refused_raises(self):
        thread = threads.create()

        with self.assertRaises(openai.NotFoundError):
            with runs.stream(thread_id=thread.id, assistant_id=NOBODY) as stream:
                stream.until_done()

    def test_an_answer_carries_its_request_id(self):
        self.assertTrue(client.beta.threads.create()._request_id)
