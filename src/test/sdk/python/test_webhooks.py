"""Webhook endpoints, and deliveries that the SDK verifies."""

import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

from openai import InvalidWebhookSignatureError, NotFoundError
from stage import VERSION, client

HAS_ENDPOINTS = int(VERSION.split(".")[0]) >= 3


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.received = (body.decode(), dict(self.headers))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args):
        pass


@unittest.skipUnless(HAS_ENDPOINTS, "this release knows no webhook endpoints")
class Webhooks(unittest.TestCase):
    def test_an_endpoint_is_created_changed_listed_and_deleted(self):
        made = client.webhooks.create(
            name="first", url="https://example.com/hook", event_types=["run.completed"]
        )
        self.assertTrue(made.signing_secret.startswith("whsec_"))
        changed = client.webhooks.update(made.id, name="second")
        self.assertEqual((changed.name, changed.url), ("second", "https://example.com/hook"))
        self.assertIn(made.id, [each.id for each in client.webhooks.list()])
        rotated = client.webhooks.rotate_secret(
            made.id, keep_old_secret_active_for_24_hours=True
        )
        self.assertNotEqual(rotated.signing_secret, made.signing_secret)
        self.assertIn("tool_call", client.webhooks.event_types.list().data)
        self.assertTrue(client.webhooks.delete(made.id).deleted)
        with self.assertRaises(NotFoundError):
            client.webhooks.retrieve(made.id)

    def test_a_delivery_is_unwrapped_and_one_that_was_changed_is_refused(self):
        server = HTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        made = client.webhooks.create(name="n", url=url, event_types=["*"])

        result = client.webhooks.test(made.id, event_type="run.completed")

        self.assertEqual((result.status_code, result.success), (200, True))
        body, headers = server.received
        event = client.webhooks.unwrap(body, headers, secret=made.signing_secret)
        self.assertEqual((event.type, event.object), ("run.completed", "event"))
        with self.assertRaises(InvalidWebhookSignatureError):
            client.webhooks.unwrap(body + " ", headers, secret=made.signing_secret)
        client.webhooks.delete(made.id)
        server.shutdown()
        server.server_close()
