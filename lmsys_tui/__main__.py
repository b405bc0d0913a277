"""`lmsys-tui` and `python -m lmsys_tui`."""

from __future__ import annotations

import sys


def run() -> None:
    """Run the program on `sys.argv` and exit with its code."""
    from lmsys_tui.cli import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
