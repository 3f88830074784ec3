"""Makes the helpers of this folder importable: it is no package, as the rest of the tests."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
