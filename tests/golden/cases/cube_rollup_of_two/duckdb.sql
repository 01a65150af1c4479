-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"c" AS NOT MATERIALIZED (SELECT "region" AS "region", "shop" AS "shop", "n" AS "n", CAST(CASE WHEN ("region" IS NULL) THEN 'unknown' ELSE "region" END AS VARCHAR) AS "_of_region", CAST(CASE WHEN ("shop" IS NULL) THEN 'unknown' ELSE "shop" END AS VARCHAR) AS "_of_shop" FROM "s"),
"c 2" AS NOT MATERIALIZED (SELECT _k0 AS "region", _k1 AS "shop", CAST(((sum("n") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "n" FROM (SELECT *, "_of_region" AS _k0, "_of_shop" AS _k1 FROM "c") GROUP BY GROUPING SETS ((_k0, _k1), (_k0), ()) HAVING count(*) > 0)
SELECT * FROM "c 2";
