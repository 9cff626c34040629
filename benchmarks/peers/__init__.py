"""Programs that do the same work with this project and with what people use instead, each in an environment of its own.

`program.py` says what each of them is asked. None imports another, and only `passagework.py` imports this project.
"""
