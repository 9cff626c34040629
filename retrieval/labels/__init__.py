"""Labels of texts: a linear head on an encoder's frozen vectors, learned from examples, saved, and used to route."""
