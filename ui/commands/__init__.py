"""Holds what the commands of the terminal do, and the options they take."""
