"""`python -m loyalty_analytics.synthetic [ROOT]`: write the raw files and the truth of the demo clients again."""

from __future__ import annotations

import sys
from pathlib import Path

from . import write_demo

if __name__ == "__main__":
    write_demo(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
