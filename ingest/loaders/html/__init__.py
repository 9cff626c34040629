"""HTML and what is made of it: web pages and EPUB."""
