"""An open collection: what applications use, and what it keeps open behind that."""
