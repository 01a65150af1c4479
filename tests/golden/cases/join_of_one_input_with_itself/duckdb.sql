CREATE TEMP TABLE shared_0 AS WITH "people" AS NOT MATERIALIZED (SELECT * FROM source('people'))
SELECT * FROM "people";

-- out
WITH "with_boss" AS NOT MATERIALIZED (SELECT l."name" AS "name", r."name" AS "boss" FROM shared_0 AS l LEFT JOIN shared_0 AS r ON (l."boss" = r."id"))
SELECT * FROM "with_boss";
