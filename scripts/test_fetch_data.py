#!/usr/bin/env python3
"""Tests of fetch_data.py without the network: `python3 scripts/test_fetch_data.py`.

Sets of a few bytes stand in for the real ones, served from a folder (file://) and by a server on localhost.
"""

import contextlib
import functools
import gzip
import hashlib
import http.server
import io
import os
import pathlib
import tarfile
import tempfile
import threading
import unittest
from unittest import mock

import fetch_data


class Fetching(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory())
        self.source = pathlib.Path(self.folder, "source")
        self.source.mkdir()
        self.target = os.path.join(self.folder, "target")
        self.content = gzip.compress(b"unpacked", mtime=0)
        (self.source / "a.gz").write_bytes(self.content)
        self.files = [("a.gz", hashlib.md5(self.content).hexdigest(), hashlib.sha256(b"unpacked").hexdigest())]
        self.got = os.path.join(self.target, "mnist", "a.gz")

    def run_main(self, *arguments, mirrors=()):
        sets = {"mnist": {"mirrors": list(mirrors), "files": self.files}}
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.object(fetch_data, "SETS", sets), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = fetch_data.main(["mnist", "--dir", self.target, *arguments])
        return code, out.getvalue(), err.getvalue()

    def left_over(self):
        return sorted(os.listdir(os.path.join(self.target, "mnist")))

    def test_a_right_file_is_fetched_and_kept(self):
        code, out, _ = self.run_main("--base-url", self.source.as_uri())
        self.assertEqual(code, 0)
        self.assertIn("checksum right", out)
        self.assertEqual(pathlib.Path(self.got).read_bytes(), self.content)
        self.assertEqual(self.left_over(), ["a.gz"])
        (self.source / "a.gz").unlink()
        code, out, _ = self.run_main("--base-url", self.source.as_uri())
        self.assertEqual(code, 0)
        self.assertIn("there already", out)

    def test_a_wrong_file_is_refused_and_nothing_is_left(self):
        (self.source / "a.gz").write_bytes(self.content[:-1])
        code, _, err = self.run_main("--base-url", self.source.as_uri())
        self.assertEqual(code, 1)
        self.assertIn("expected " + self.files[0][1], err)
        self.assertEqual(self.left_over(), [])

    def test_a_wrong_unpacked_sum_is_refused(self):
        self.files = [(self.files[0][0], self.files[0][1], hashlib.sha256(b"other").hexdigest())]
        code, _, err = self.run_main("--base-url", self.source.as_uri())
        self.assertEqual(code, 1)
        self.assertIn("SHA-256", err)
        self.assertEqual(self.left_over(), [])

    def test_a_damaged_file_is_replaced_and_survives_a_failure(self):
        os.makedirs(os.path.dirname(self.got))
        pathlib.Path(self.got).write_bytes(b"damaged")
        code, _, _ = self.run_main("--base-url", (self.source / "nowhere").as_uri())
        self.assertEqual((code, pathlib.Path(self.got).read_bytes()), (1, b"damaged"))
        pathlib.Path(self.got + ".part").write_bytes(b"of a killed run")
        code, _, _ = self.run_main("--base-url", self.source.as_uri())
        self.assertEqual((code, pathlib.Path(self.got).read_bytes()), (0, self.content))
        self.assertEqual(self.left_over(), ["a.gz"])

    def test_mirrors_are_tried_in_turn_over_http(self):
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(self.source)))
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        code, out, _ = self.run_main(mirrors=[url + "/nowhere", url])
        self.assertEqual(code, 0)
        self.assertIn(f"{url}/a.gz", out)

    def test_no_network_is_a_clear_error_that_names_every_mirror(self):
        code, _, err = self.run_main(mirrors=["http://127.0.0.1:9/x", "http://127.0.0.1:9/y"])
        self.assertEqual(code, 1)
        self.assertIn("is there a network?", err)
        self.assertIn("http://127.0.0.1:9/x/a.gz", err)
        self.assertIn("http://127.0.0.1:9/y/a.gz", err)

    def archive(self, names):
        data = bytes(fetch_data.CIFAR_SIZE)
        path = os.path.join(self.folder, "c.tar.gz")
        with tarfile.open(path, "w:gz", compresslevel=1) as tar:
            for name in names:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        return path

    def test_the_cifar_archive_gives_its_six_files_and_no_others(self):
        inside = [f"{fetch_data.CIFAR_FOLDER}/{name}" for name in fetch_data.CIFAR_FILES]
        path = self.archive([*inside, "../outside.bin"])
        with contextlib.redirect_stdout(io.StringIO()):
            fetch_data.unpack_cifar(path, self.target)
        found = os.listdir(os.path.join(self.target, fetch_data.CIFAR_FOLDER))
        self.assertEqual(sorted(found), sorted(fetch_data.CIFAR_FILES))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "outside.bin")))

    def test_a_cifar_archive_without_a_file_is_refused(self):
        inside = [f"{fetch_data.CIFAR_FOLDER}/{name}" for name in fetch_data.CIFAR_FILES[1:]]
        with self.assertRaisesRegex(fetch_data.Failed, "data_batch_1.bin"):
            fetch_data.unpack_cifar(self.archive(inside), self.target)


if __name__ == "__main__":
    unittest.main()
