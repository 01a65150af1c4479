CREATE TEMP TABLE shared_0 AS WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l'))
SELECT * FROM "l";

CREATE TEMP TABLE shared_1 AS WITH "r" AS NOT MATERIALIZED (SELECT * FROM source('r'))
SELECT * FROM "r";

-- reals
WITH "same" AS NOT MATERIALIZED (SELECT l."x" AS "x", l."v" AS "v", r."w" AS "w" FROM shared_0 AS l LEFT JOIN shared_1 AS r ON (l."x" = r."x" AND NOT (l."x" = 0 AND r."x" = 0 AND signbit(l."x") AND NOT signbit(r."x")) AND NOT (l."x" = 0 AND r."x" = 0 AND signbit(r."x") AND NOT signbit(l."x"))))
SELECT * FROM "same";

-- ints
WITH "wide" AS NOT MATERIALIZED (SELECT l."v" AS "v", r."n" AS "n" FROM shared_0 AS l LEFT JOIN (SELECT *, true AS _found FROM shared_1) AS r ON (NOT (l."x" = 0 AND (CAST(r."n" AS DOUBLE)) = 0 AND signbit(l."x")) AND l."x" = (CAST(r."n" AS DOUBLE))) WHERE _found)
SELECT * FROM "wide";
