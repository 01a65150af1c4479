"""Rows: tables, queries, migrations, and the unit of work. The only room that knows SQLAlchemy."""
