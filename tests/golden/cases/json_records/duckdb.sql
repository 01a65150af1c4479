-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "id", "name" AS "name", CAST((((CAST((ps_value_to_int(ps_map_get("who", 'age'))) AS BIGINT) + (1)::INTEGER) + 2147483648) & 4294967295) - 2147483648 AS INTEGER) AS "next_age", ps_size("tags") AS "n", "tags" AS "tags", "who" AS "who", "at" AS "at", "ok" AS "ok" FROM "s")
SELECT * FROM "p";
