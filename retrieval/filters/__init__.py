"""`where` filters: checked, compiled, and looked up as the ids that they let through."""
