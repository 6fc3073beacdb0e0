"""`python -m loyalty_analytics.synthetic [ROOT]`: write the raw files and the truth of the demo clients again."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..errors import ParamsError
from . import write_demo

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m loyalty_analytics.synthetic", description=__doc__)
    parser.add_argument("root", nargs="?", type=Path, default=Path(), help="folder that holds params/; here")
    try:
        write_demo(parser.parse_args().root)
    except ParamsError as fault:
        parser.error(str(fault))
