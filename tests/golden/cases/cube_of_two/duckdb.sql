-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"c" AS NOT MATERIALIZED (SELECT "shop" AS "shop", "month" AS "month", "n" AS "n", CAST(CASE WHEN ("shop" IS NULL) THEN 'unknown' ELSE "shop" END AS VARCHAR) AS "_of_shop", CAST(CASE WHEN ("month" IS NULL) THEN 'unknown' ELSE "month" END AS VARCHAR) AS "_of_month" FROM "s"),
"c 2" AS NOT MATERIALIZED (SELECT _k0 AS "shop", _k1 AS "month", CAST(((sum("n") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "total" FROM (SELECT *, "_of_shop" AS _k0, "_of_month" AS _k1 FROM "c") GROUP BY GROUPING SETS ((_k0, _k1), (_k0), (_k1), ()) HAVING count(*) > 0)
SELECT * FROM "c 2";
