"""Puts the data recipe's folder on the path: colours and English are the same there and here."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "data"))
