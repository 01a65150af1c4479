-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"f" AS NOT MATERIALIZED (SELECT * FROM "s" WHERE (("id" >= (2)::INTEGER) AND ps_full_match("t", 'a.*$?'))),
"p" AS NOT MATERIALIZED (SELECT CAST((((CAST("id" AS BIGINT) * (10)::INTEGER) + 2147483648) & 4294967295) - 2147483648 AS INTEGER) AS "id", ('it is' || '-' || "t") AS "t", "at" AS "at", (1)::INTEGER AS "nodes", coalesce(NULL::VARCHAR, 'never') AS "last", '$5' AS "price" FROM "f")
SELECT * FROM "p";
