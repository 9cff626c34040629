"""The service: one warm process that answers for any number of collections over HTTP."""
