"""Models: where weights come from, how texts become inputs, encoders, rerankers, and what runs them."""
