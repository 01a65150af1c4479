CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"none" AS NOT MATERIALIZED (SELECT * FROM "s" WHERE false)
SELECT * FROM "none";

-- groups
WITH "grouped" AS NOT MATERIALIZED (SELECT "g", count(*) AS "c" FROM shared_0 GROUP BY "g")
SELECT * FROM "grouped";

-- one
WITH "whole" AS NOT MATERIALIZED (SELECT count(*) AS "c", count("n") AS "n", count(DISTINCT CASE WHEN "n" IS NULL THEN NULL ELSE "n" END) AS "d", CAST(((sum("n") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "s", avg("n") AS "a", min("n") AS "lo", max("n") AS "hi" FROM shared_0)
SELECT * FROM "whole";
