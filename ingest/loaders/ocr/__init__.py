"""Pictures of text to words with their places: the recogniser, and pictures opened within bounds."""
