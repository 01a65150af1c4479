CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- out
WITH "f" AS NOT MATERIALIZED (SELECT l."id" AS "a", r."id" AS "b" FROM shared_0 AS l LEFT JOIN (SELECT *, true AS _found FROM shared_0) AS r ON (CAST((((CAST(l."id" AS BIGINT) + (1)::INTEGER) + 2147483648) & 4294967295) - 2147483648 AS INTEGER) = r."id") WHERE _found)
SELECT * FROM "f";
