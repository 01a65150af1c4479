-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"w" AS NOT MATERIALIZED (SELECT *, CAST(CASE WHEN count(*) OVER p <= 4 THEN CAST(row_number() OVER w - 1 AS BIGINT) ELSE (CAST(row_number() OVER w - 1 AS BIGINT) * 4) // count(*) OVER p END + 1 AS INTEGER) AS "n" FROM "s" WINDOW w AS (PARTITION BY "a" ORDER BY xor("v", 0) ASC NULLS FIRST), p AS (PARTITION BY "a"))
SELECT * FROM "w";
