"""The program of a detached job's process: run as a file, with its order as a line on stdin.

It is told where to import from, so that it finds what its parent found, whatever lies in the
working directory.
"""

from __future__ import annotations

import json
import sys


def main() -> int:
    """Carries out the order on stdin."""
    told = json.loads(sys.stdin.buffer.read())
    sys.path[:] = told["path"]

    from framework.cli.driving import drive
    from framework.cli.orders import Order

    return drive(Order.from_plain(told["order"]), telling=told["telling"])


if __name__ == "__main__":
    sys.exit(main())
