"""Statements of the search path, made and compiled once: doing so at every search took longer than SQLite's answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import BindParameter, Column, ColumnElement, Connection, Select, bindparam, func, select
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

IDS = "ids"


class PreparedStatement:
    """A SELECT whose parameters are named by `bindparam`; its columns come as SQLite keeps them."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement

    def rows(self, connection: Connection, **values: object) -> list[Any]:
        """Returns the rows, as tuples, within the connection's transaction."""
        driver: Any = connection.connection.dbapi_connection
        sql, constants = self._compiled
        return list(driver.execute(sql, {**constants, **values}))

    @cached_property
    def _compiled(self) -> tuple[str, dict[str, Any]]:
        """Returns the SQL, and those of its parameters that have a value of their own."""
        compiled = self._statement.compile(dialect=SQLiteDialect_pysqlite(paramstyle="named"))
        return str(compiled), {name: value for name, value in compiled.params.items() if value is not None}


def in_bound_ids(column: Column[int]) -> ColumnElement[bool]:
    """Tells whether a column is one of the ids that `bound_ids(ids)` gives to the statement."""
    listed = func.json_each(_LISTED).table_valued("value")
    return column.in_(select(listed.c.value))


def bound_ids(ids: Sequence[int]) -> str:
    """Returns the ids as the value of IDS."""
    return json.dumps(ids)


_LISTED: BindParameter[str] = bindparam(IDS)
