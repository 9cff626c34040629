"""What people type into a search box: a query as typed becomes words to look for, and what every hit must keep to.

grammar.py         quotations, exclusions and fields, told apart from text
typed_filters.py   what of them a passage must fulfil, as conditions like those of a filter
misspellings.py    words that no passage holds, read as one that some do and that differs by one letter
acronyms.py        what an acronym stands for, and the acronym of some words, as the documents define it
understanding.py   all of it for one query at one moment of a collection
"""
