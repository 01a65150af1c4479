"""What the packages of part (e) do, each as one DuckDB statement a person would write: python everyday.py NAME DATA OUT."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb

ORDERS = """read_csv('{data}/orders.csv', header = true, columns = {{'id': 'BIGINT', 'customer': 'INTEGER',
    'quantity': 'INTEGER', 'price': 'DOUBLE', 'country': 'VARCHAR', 'paid_on': 'TIMESTAMP', 'note': 'VARCHAR'}})"""
CUSTOMERS = """read_csv('{data}/customers.csv', header = true, columns = {{'id': 'INTEGER', 'segment': 'VARCHAR'}})"""
NARROW = "read_csv('{data}/narrow.csv', header = true, columns = {{'id': 'BIGINT', 'n': 'INTEGER', 'name': 'VARCHAR'}})"
EVENTS = """read_json('{data}/events.json', format = 'newline_delimited', columns = {{'id': 'BIGINT', 'kind': 'VARCHAR',
    'amount': 'DOUBLE', 'who': 'JSON', 'tags': 'JSON'}})"""
ISO = "strftime({0}, '%Y-%m-%dT%H:%M:%S.%gZ')"


def wide() -> str:
    """Return how `wide.csv` is read: id, thirteen ints, doubles and texts each."""
    kinds = (("i", "INTEGER"), ("x", "DOUBLE"), ("s", "VARCHAR"))
    columns = ", ".join(f"'{letter}{at}': '{kind}'" for at in range(13) for letter, kind in kinds)
    return f"read_csv('{{data}}/wide.csv', header = true, columns = {{{{'id': 'BIGINT', {columns}}}}})"


STATEMENTS: dict[str, tuple[str, str]] = {
    "narrow_filter": (
        f"SELECT id, name FROM {NARROW} WHERE n % 10 < 3 AND name <> 'name 7'", "csv",
    ),
    "narrow_sum": (
        f"SELECT n % 1000 AS bucket, count(*) AS records, sum(n) AS total, min(name) AS first FROM {NARROW} GROUP BY 1", "csv",
    ),
    "wide_copy": (f"SELECT * FROM {wide()}", "parquet"),
    "wide_choice": (
        f"SELECT id, i0 + i1 + i2 AS i, x0 * x1 AS x, s0 || s1 AS s, s2, s3 FROM {wide()} WHERE i3 > 500", "parquet",
    ),
    "texts": (
        "SELECT id, upper(country) || '-' || trim(note) AS code, substring(note, 7, 3) AS part, length(note) AS size,"
        " replace(note, 'order', 'o') AS short, regexp_extract(note, '([0-9]+)$', 1) AS number,"
        f" strpos(note, '7') - 1 AS seven, note LIKE 'order 1%' AS ones FROM {ORDERS}", "parquet",
    ),
    "numbers": (
        "SELECT id, quantity * price AS total, round(price)::BIGINT AS whole, price / nullif(quantity - 1, 0) AS each,"
        " quantity % 3 AS third, TRY_CAST(substring(note, 7) AS INTEGER) AS number, ceil(price / 10) AS tens,"
        " CASE WHEN price < 10 THEN 1 WHEN price < 100 THEN 2 WHEN price < 500 THEN 3 ELSE 4 END AS class,"
        f" sqrt(price) AS root, abs(quantity - 5) AS distance FROM {ORDERS}", "parquet",
    ),
    "dates": (
        "SELECT id, strftime(paid_on, '%Y-%m') AS month, year(paid_on)::INTEGER AS year, month(paid_on)::INTEGER AS m,"
        " week(paid_on)::INTEGER AS week, make_timestamptz(epoch_us(paid_on + INTERVAL 30 DAY)) AS due,"
        " datediff('day', TIMESTAMP '2020-01-01', paid_on) AS days, epoch_ms(paid_on) AS ms,"
        f" strftime(paid_on, '%d.%m.%Y') AS shown FROM {ORDERS}", "parquet",
    ),
    "json_in": (
        "SELECT id, upper(kind) AS kind, amount * 2 AS amount, who->>'name' AS name, (who->>'age')::INTEGER + 1 AS age,"
        f" json_array_length(tags) AS tags FROM {EVENTS} WHERE kind <> 'c'", "parquet",
    ),
    "json_out": (
        f"SELECT id, customer, price, country, {ISO.format('paid_on')} AS paid_on, note FROM {ORDERS}", "json",
    ),
    "groups": (
        "SELECT country, strftime(paid_on, '%Y-%m') AS month, count(*) AS orders, sum(quantity) AS pieces,"
        f" avg(price) AS price, max(price) AS dearest, count(DISTINCT customer) AS customers FROM {ORDERS} GROUP BY 1, 2",
        "csv",
    ),
    "join": (
        f"SELECT o.id, o.customer, o.price, c.segment FROM {ORDERS} o LEFT JOIN {CUSTOMERS} c ON o.customer = c.id",
        "parquet",
    ),
    "join_and_sum": (
        f"SELECT segment, country, count(*) AS orders, sum(price) AS total FROM {ORDERS} o JOIN {CUSTOMERS} c"
        " ON o.customer = c.id WHERE quantity > 2 GROUP BY 1, 2 ORDER BY 1, 2", "csv",
    ),
    "windows": (
        "SELECT id, customer, price, row_number() OVER w AS number, sum(price) OVER w AS so_far, lag(price) OVER w AS before"
        f" FROM {ORDERS} WINDOW w AS (PARTITION BY customer ORDER BY id ROWS UNBOUNDED PRECEDING)", "parquet",
    ),
    "top_of_each": (
        f"SELECT id, customer, price FROM {ORDERS}"
        " QUALIFY row_number() OVER (PARTITION BY customer ORDER BY price DESC, id) <= 3", "csv",
    ),
    "distinct": (f"SELECT DISTINCT country, quantity, customer FROM {ORDERS}", "csv"),
}  # fmt: skip
OPTIONS = {
    "parquet": "FORMAT parquet, COMPRESSION uncompressed", "csv": "FORMAT csv, HEADER", "json": "FORMAT json",
}  # fmt: skip


def main() -> None:
    """Run the statement."""
    name, data, out = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    statement, ending = STATEMENTS[name]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"COPY ({statement.format(data=data)}) TO '{out}/{name}.{ending}' ({OPTIONS[ending]})")


if __name__ == "__main__":
    main()
