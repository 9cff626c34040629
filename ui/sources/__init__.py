"""What lies behind documents: files that were uploaded, and pictures of their pages."""
