-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"c" AS NOT MATERIALIZED (SELECT "k0" AS "k0", "k1" AS "k1", "k2" AS "k2", "n" AS "n", CAST(CASE WHEN ("k0" IS NULL) THEN 'unknown' ELSE "k0" END AS VARCHAR) AS "_of_k0", CAST(CASE WHEN ("k1" IS NULL) THEN 'unknown' ELSE "k1" END AS VARCHAR) AS "_of_k1", CAST(CASE WHEN ("k2" IS NULL) THEN 'unknown' ELSE "k2" END AS VARCHAR) AS "_of_k2" FROM "s"),
"c 2" AS NOT MATERIALIZED (SELECT _k0 AS "k0", _k1 AS "k1", _k2 AS "k2", CAST(((sum("n") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "n" FROM (SELECT *, "_of_k0" AS _k0, "_of_k1" AS _k1, "_of_k2" AS _k2 FROM "c") GROUP BY GROUPING SETS ((_k0, _k1, _k2), (_k0, _k1), (_k0, _k2), (_k1, _k2), (_k0), (_k1), (_k2), ()) HAVING count(*) > 0)
SELECT * FROM "c 2";
