"""Mail: its headers, the bodies that a reader is shown, and invitations."""
