-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"c" AS NOT MATERIALIZED (SELECT "k" AS "k", "v" AS "v", CAST(CASE WHEN ("k" IS NULL) THEN 'unknown' ELSE "k" END AS VARCHAR) AS "_of_k" FROM "s"),
"c 2" AS NOT MATERIALIZED (SELECT _k0 AS "k", count("v") AS "n", count(*) AS "records", count(DISTINCT CASE WHEN "v" IS NULL THEN NULL ELSE "v" END) AS "different", count(DISTINCT CASE WHEN "v" IS NULL THEN NULL ELSE "v" END) AS "about", CAST(((sum("v") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "total", avg("v") AS "mean", min("v") AS "least", max("v") AS "greatest", count("k") AS "keys" FROM (SELECT *, "_of_k" AS _k0 FROM "c") GROUP BY GROUPING SETS ((_k0), ()) HAVING count(*) > 0)
SELECT * FROM "c 2";
