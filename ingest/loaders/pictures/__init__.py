"""Pictures of text: files of their own, and those within other documents."""
