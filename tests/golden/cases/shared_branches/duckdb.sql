CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

CREATE TEMP TABLE shared_1 AS WITH "good" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("n" IS NOT NULL))
SELECT * FROM "good";

CREATE TEMP TABLE shared_2 AS WITH "total" AS NOT MATERIALIZED (SELECT "g", CAST(((sum("n") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "total" FROM shared_1 GROUP BY "g")
SELECT * FROM "total";

-- shares
WITH "both" AS NOT MATERIALIZED (SELECT l."g" AS "g", l."n" AS "n", r."total" AS "total" FROM shared_1 AS l LEFT JOIN shared_2 AS r ON (l."g" = r."g")),
"share" AS NOT MATERIALIZED (SELECT "g" AS "g", "n" AS "n", CASE WHEN "_0" = 0 AND NOT signbit("_0") THEN NULL ELSE (CAST("n" AS DOUBLE)) / "_0" END AS "share" FROM (SELECT *, (CAST("total" AS DOUBLE)) AS "_0" FROM "both")),
"o" AS NOT MATERIALIZED (SELECT * FROM "share")
SELECT * FROM "o" ORDER BY CASE WHEN strlen("g") = length("g") THEN "g" ELSE ps_utf16_key("g") END ASC NULLS FIRST, xor("n", 0) ASC NULLS FIRST;

-- totals
SELECT * FROM shared_2;

-- raw
SELECT * FROM shared_0;
