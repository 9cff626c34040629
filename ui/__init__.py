"""What people see: the command line and the search page."""
