"""Files, their content, and uploads in parts."""

import hashlib
import unittest

from openai import BadRequestError, NotFoundError
from stage import client

files = client.files
TEXT = b"The supplier may terminate the contract."


class Files(unittest.TestCase):
    def test_a_file_is_created_listed_read_and_deleted(self):
        made = files.create(
            file=("r\u00e9sum\u00e9.txt", TEXT),
            purpose="assistants",
            extra_body={"expires_after": {"anchor": "created_at", "seconds": 3600}},
        )
        self.assertEqual((made.filename, made.bytes), ("r\u00e9sum\u00e9.txt", len(TEXT)))
        self.assertEqual(files.wait_for_processing(made.id).status, "processed")
        self.assertEqual(files.retrieve(made.id).id, made.id)
        self.assertIn(made.id, [each.id for each in files.list(purpose="assistants")])
        self.assertEqual(files.content(made.id).read(), TEXT)
        self.assertTrue(files.delete(made.id).deleted)
        with self.assertRaises(NotFoundError):
            files.retrieve(made.id)

    def test_a_wrong_purpose_is_named(self):
        with self.assertRaises(BadRequestError) as refused:
            files.create(file=("a.txt", TEXT), purpose="other")
        self.assertEqual(refused.exception.param, "purpose")

    def test_a_file_is_uploaded_in_parts(self):
        upload = client.uploads.create(
            filename="contract.txt", purpose="assistants", bytes=len(TEXT), mime_type="text/plain"
        )
        parts = [
            client.uploads.parts.create(upload.id, data=piece).id for piece in (TEXT[:9], TEXT[9:])
        ]
        done = client.uploads.complete(
            upload.id, part_ids=parts, md5=hashlib.md5(TEXT).hexdigest()
        )
        self.assertEqual(done.status, "completed")
        self.assertEqual(files.content(done.file.id).read(), TEXT)

    def test_an_upload_is_cancelled(self):
        upload = client.uploads.create(
            filename="a.txt", purpose="batch", bytes=1, mime_type="text/plain"
        )
        self.assertEqual(client.uploads.cancel(upload.id).status, "cancelled")
