-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"c" AS NOT MATERIALIZED (SELECT _k0 AS "y", CASE WHEN grouping(_k1) = 0 THEN first("at") END AS "at", CASE WHEN grouping(_k2) = 0 THEN first("d") END AS "d", CAST(((sum("n") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "n", count(*) AS "many" FROM (SELECT *, "y" AS _k0, ("at").t AS _k1, CASE WHEN "d" = 0 AND signbit("d") THEN '-0' ELSE CAST("d" AS VARCHAR) END AS _k2 FROM "s") GROUP BY GROUPING SETS ((_k0, _k1, _k2), (_k0, _k1), (_k0), ()) HAVING count(*) > 0)
SELECT * FROM "c";
