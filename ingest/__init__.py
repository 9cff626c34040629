"""Brings documents into a collection: `from passagework import ingest`.

The package can be called like the function `ingest` in it, for both bear that name within `passagework`. The public
names stand in `__init__.pyi`, each with its module; one is loaded when it is first asked for, as a parser process needs
none of them.
"""

import sys
from importlib import import_module
from inspect import signature
from types import ModuleType

import lazy_loader

if __name__ == "ingest":  # in a checkout, by the folder's own name
    raise ImportError("`ingest` is a part of passagework: write `from passagework import ingest`")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)


class _CallablePackage(ModuleType):
    """Makes this package callable, where `from passagework import ingest` meant the function."""

    def __call__(self, *arguments, **options):
        """Calls `ingest` of this package."""
        return self.ingest(*arguments, **options)

    def __reduce__(self):
        """Makes it a thing to send to another process, as a function is."""
        return import_module, (self.__name__,)

    @property
    def __signature__(self):
        """What `help` and notebooks show of a callable."""
        return signature(self.ingest)


sys.modules[__name__].__class__ = _CallablePackage
