"""Has a language model answer a question from a collection's passages, and verifies what it writes.

language_model.py     what answers: a model behind an address, or a program's own function
prompt.py             the messages that it reads: the documents are data in them
answered_question.py  an answer with its citations, verdicts, times and tokens
asking.py             all of it: retrieve, decide whether the collection answers, ask, verify
"""
