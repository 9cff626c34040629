"""Finds the passages that answer a query: `from passagework import Collection`.

The public names stand in `__init__.pyi`, each with its module. One is loaded when it is first asked for, so importing
this package loads neither torch nor FAISS.
"""

import lazy_loader

if __name__ == "retrieval":  # in a checkout, by the folder's own name
    raise ImportError("`retrieval` is a part of passagework: write `from passagework import Collection`")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
