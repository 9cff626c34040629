"""What documents come from beside folders: repositories, vaults, addresses."""
