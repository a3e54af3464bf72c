"""Packages are kept, taken up again and refused when they changed: python3 -m unittest test_fetch."""

import io
import tarfile
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import fetch


def archive(folder, text):
    """A package as npm packs it, with one file."""
    path = Path(folder) / "a-1.0.0.tgz"
    with tarfile.open(path, "w:gz") as packed:
        entry = tarfile.TarInfo("package/icons.json")
        entry.size, entry.mtime = len(text), 0
        packed.addfile(entry, io.BytesIO(text))
    return path


class Fetch(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.served, self.out, self.asked = Path(scratch.name) / "served", Path(scratch.name) / "out", 0
        for folder in (self.served, self.out):
            folder.mkdir()
        integrity = fetch.sha512(archive(self.served, b"{}"))
        self.source = {"package": "@maker/a", "version": "1.0.0", "integrity": integrity}

    def fetched(self):
        def download(source, folder):
            self.asked += 1
            return (self.served / "a-1.0.0.tgz").rename(Path(folder) / "a-1.0.0.tgz")

        with mock.patch.object(fetch, "download", download):
            return fetch.fetch(self.source, self.out)

    def test_a_package_is_fetched_once(self):
        folder = self.fetched()
        self.assertEqual((folder / "package/icons.json").read_text(), "{}")
        self.assertEqual(self.fetched(), folder)
        self.assertEqual(self.asked, 1)

    def test_a_fetch_that_was_stopped_begins_anew(self):
        (self.out / "maker-a-1.0.0.part").mkdir()
        (self.out / "maker-a-1.0.0.part" / "half").write_text("written")
        self.assertEqual([path.name for path in self.fetched().iterdir()], ["package"])

    def test_a_changed_package_is_refused_and_leaves_nothing_that_counts_as_fetched(self):
        archive(self.served, b"{ }")
        with self.assertRaisesRegex(SystemExit, "the package changed"):
            self.fetched()
        self.assertFalse((self.out / "maker-a-1.0.0").exists())


if __name__ == "__main__":
    unittest.main()
