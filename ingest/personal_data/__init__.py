"""Finds personal data in text: numbers by their check digits, contact data, keys, and names where a model is named.

`detector.py` asks the others, each of which yields what it finds of its kinds.
"""
