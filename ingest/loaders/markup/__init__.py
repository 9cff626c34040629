"""XML without a format of its own: the text of its elements, headings where it has titles."""
