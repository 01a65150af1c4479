CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- all
SELECT * FROM shared_0;

-- few
WITH "small" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("id" < (3)::INTEGER))
SELECT * FROM "small";
