"""Search by shared words: python3 -m unittest test_overlap."""

import unittest

from overlap import found_within, overlap_recalls, words


class Overlap(unittest.TestCase):
    def test_ties_share_the_places(self):
        self.assertEqual(found_within([0, 0, 0, 0], 2, 1), 0.25)
        self.assertEqual(found_within([3, 0, 0, 1], 1, 3), 0.5)
        self.assertEqual(found_within([3, 0, 0, 1], 3, 1), 0)
        self.assertEqual(found_within([3, 0, 0, 1], 0, 1), 1)

    def test_rare_words_count_more(self):
        described = [words("a red car"), words("a red cat"), words("a red cup"), words("a boat")]
        self.assertEqual(overlap_recalls([("the red cat", 1)], described), [100, 100, 100])
        self.assertEqual(overlap_recalls([("something red", 0)], described)[0], 33.3)


if __name__ == "__main__":
    unittest.main()
