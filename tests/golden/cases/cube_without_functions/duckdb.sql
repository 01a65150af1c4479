-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"c" AS NOT MATERIALIZED (SELECT "a" AS "a", "b" AS "b", CAST(CASE WHEN ("a" IS NULL) THEN 'unknown' ELSE "a" END AS VARCHAR) AS "_of_a", CAST(CASE WHEN ("b" IS NULL) THEN 'unknown' ELSE "b" END AS VARCHAR) AS "_of_b" FROM "s"),
"c 2" AS NOT MATERIALIZED (SELECT _k0 AS "a", _k1 AS "b" FROM (SELECT *, "_of_a" AS _k0, "_of_b" AS _k1 FROM "c") GROUP BY GROUPING SETS ((_k0, _k1), (_k0), (_k1), ()) HAVING count(*) > 0)
SELECT * FROM "c 2";
