"""What words are: how those of a text come to stand in the text index, and in what forms a query looks for them.

folding.py      characters as people type them: ligatures, soft hyphens, full widths
unspaced.py     scripts that put no blanks between words: overlapping runs of characters
inflection.py   stems by language (Snowball), where a document is not English
questions.py    words that questions begin with
sentences.py    where sentences and finished lines end
indexed.py      all three in one: the words of a text as indexed, with their places; the forms of a query's word
"""
