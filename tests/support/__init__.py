"""What tests share: fakes, files they write, servers and browsers they start."""
