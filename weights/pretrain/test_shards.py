"""Shards: what is written is read, once an epoch by one process, in flat memory: python3 -m unittest test_shards."""

import tempfile
import tracemalloc
import unittest
from pathlib import Path
from unittest.mock import patch

import torch

import processes
from shards import Shards, read_shard, write_shards
from tiny_pairs import COLOURS, write_tiny


class Streaming(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def test_a_shard_gives_back_what_was_packed(self):
        pairs = [(bytes([i] * 700), "jpg", [f"caption {i}", "another"]) for i in range(5)]
        self.assertEqual(write_shards(iter(pairs), self.folder, 3), 5)
        shards = sorted(self.folder.glob("*.tar"))
        found = [pair for path in shards for pair in read_shard(path)]
        self.assertEqual([path.name for path in shards], ["00000.tar", "00001.tar"])
        self.assertEqual(
            [(data, captions) for _, data, captions in found], [(data, captions) for data, _, captions in pairs]
        )
        self.assertEqual(len({name for name, _, _ in found}), 5)

    def test_each_epoch_shows_every_pair_once_over_all_processes(self):
        write_tiny(self.folder, 60, 7)
        seen = []
        for rank in range(2):
            with patch.object(processes, "rank", lambda rank=rank: rank), patch.object(processes, "world", lambda: 2):
                stream = Shards(self.folder, 16, rank)
                while stream.epoch == 0:
                    seen.append(next(stream.stream)[0])
                seen.pop()  # the first of the next epoch
        self.assertEqual(len(seen), 60)
        self.assertEqual(len(set(seen)), 60)

    def test_a_batch_matches_pictures_with_their_captions(self):
        write_tiny(self.folder, 60, 20)
        shards = Shards(self.folder, 16, 0)
        batch = shards.batch(12, 1.0, "name", 0.0)
        self.assertEqual(batch["image"].shape, (12, 3, 16, 16))
        tokens = [[shards.tokenizer.tokens[i] for i in row] for row in batch["ids"]]
        for image, words in zip(batch["image"], tokens):
            (colour,) = set(words) & set(COLOURS)
            if colour != "white":
                self.assertEqual(("red", "green", "blue").index(colour), int(image.mean((1, 2)).argmax()))
        torch.testing.assert_close(batch["bags"].sum(1), torch.ones(12))

    def test_a_restored_stream_goes_on_with_its_random_state(self):
        write_tiny(self.folder, 60, 20)
        shards = Shards(self.folder, 16, 0)
        shards.batch(4, 1.0, "name", 0.0)
        state, again = shards.state(), Shards(self.folder, 16, 9)
        again.restore(state)
        shards.restore(state)
        self.assertTrue(torch.equal(shards.batch(4, 1.0, "name", 0.0)["image"], again.batch(4, 1.0, "name", 0.0)["image"]))

    def test_memory_does_not_grow_with_the_number_of_pairs(self):
        peaks = []
        for pairs in (2000, 10_000):
            folder = self.folder / str(pairs)
            write_shards(((b"\0" * 3000, "png", "a caption") for _ in range(pairs)), folder, 1000)
            (folder / "vocab.txt").write_text("[PAD]\n")
            shards = Shards(folder, 16, 0)
            tracemalloc.start()
            for _ in range(pairs):
                shards.next_pair()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        self.assertLess(peaks[1], 1.1 * peaks[0])


if __name__ == "__main__":
    unittest.main()
