"""Prints results for a person at a terminal; no control code or markup of a document reaches it.

The names stand in `__init__.pyi`, each with its module. One is loaded when it is first asked for: a search needs
nothing of ingest.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
