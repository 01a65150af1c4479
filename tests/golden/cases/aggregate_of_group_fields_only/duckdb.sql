CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- pairs
WITH "keys" AS NOT MATERIALIZED (SELECT "t", first("x") AS "x" FROM shared_0 GROUP BY "t", CASE WHEN "x" = 0 AND signbit("x") THEN '-0' ELSE CAST("x" AS VARCHAR) END)
SELECT * FROM "keys";

-- instants
WITH "times" AS NOT MATERIALIZED (SELECT first("at") AS "at", count(*) AS "n" FROM shared_0 GROUP BY ("at").t),
"shown" AS NOT MATERIALIZED (SELECT ("at").t AS "ms", "n" AS "n" FROM "times")
SELECT * FROM "shown";
