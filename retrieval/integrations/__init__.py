"""What frameworks for language models ask of a collection; programs import it from `passagework.integrations`."""
