"""Holds what people see: the command line and the pages in the browser."""

if __name__ == "ui":  # in a checkout, by the folder's own name
    raise ImportError("`ui` is a part of passagework: write `from passagework.ui import ...`")
