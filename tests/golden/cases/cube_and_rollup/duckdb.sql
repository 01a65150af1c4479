-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"c" AS NOT MATERIALIZED (SELECT "a" AS "a", "b" AS "b", "c" AS "c", "n" AS "n", CAST(CASE WHEN ("a" IS NULL) THEN 'unknown' ELSE "a" END AS VARCHAR) AS "_of_a", CAST(CASE WHEN ("b" IS NULL) THEN 'unknown' ELSE "b" END AS VARCHAR) AS "_of_b", CAST(CASE WHEN ("c" IS NULL) THEN 'unknown' ELSE "c" END AS VARCHAR) AS "_of_c" FROM "s"),
"c 2" AS NOT MATERIALIZED (SELECT _k0 AS "a", _k1 AS "b", _k2 AS "c", CAST(((sum("n") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "n" FROM (SELECT *, "_of_a" AS _k0, "_of_b" AS _k1, "_of_c" AS _k2 FROM "c") GROUP BY GROUPING SETS ((_k0, _k1, _k2), (_k0, _k1), (_k0), (_k1, _k2), (_k1), ()) HAVING count(*) > 0)
SELECT * FROM "c 2";
