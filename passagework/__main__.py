"""Makes `python -m passagework` the command `passagework`."""

from __future__ import annotations

from passagework.ui.cli import main

if __name__ == "__main__":
    main()
