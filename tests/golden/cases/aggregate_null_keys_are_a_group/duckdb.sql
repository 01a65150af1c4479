-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"g" AS NOT MATERIALIZED (SELECT "k", count("v") AS "n", count(*) AS "all", CAST(((sum("v") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "total", avg("v") AS "mean", min("v") AS "least" FROM "s" GROUP BY "k")
SELECT * FROM "g";
