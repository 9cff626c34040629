"""The layout of a version's database, step by step: Alembic runs `env.py` and what `versions` holds."""
