"""Makes the collection importable from the checkout, under its own name."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[4]))
