"""The hosts that have something in a queue, so that a claim can go from one to the next.

Used by the claims of `inbox` and `delivery_claims`: how many rows wait, and for how many of all
the hosts we know, makes no difference. What is claimed is theirs.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import CTE, ColumnElement, FromClause, Table, select

Condition = Callable[[FromClause], ColumnElement[bool]]


def hosts_in(queue: Table, is_meant: Condition) -> CTE:
    """Return the hosts of the rows of `queue` that are meant, each found by one step in an index.

    The index begins with `host` and is partial for `is_meant`. A last row is NULL.
    """
    first = select(queue.c.host).where(is_meant(queue)).order_by(queue.c.host).limit(1)
    hosts: Any = select(first.scalar_subquery().label("host")).cte(
        f"{queue.name}_hosts", recursive=True
    )
    after = queue.alias("after")
    following = (
        select(after.c.host)
        .where(is_meant(after), after.c.host > hosts.c.host)
        .order_by(after.c.host)
        .limit(1)
        .correlate(hosts)
        .scalar_subquery()
    )
    return hosts.union_all(select(following).where(hosts.c.host.is_not(None)))  # type: ignore[no-any-return]
