CREATE TEMP TABLE shared_0 AS WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"c" AS NOT MATERIALIZED (SELECT l."a" AS "a", r."b" AS "b" FROM "l" AS l CROSS JOIN "r" AS r)
SELECT * FROM "c";

-- all
SELECT * FROM shared_0;

-- some
WITH "f" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("a" < "b"))
SELECT * FROM "f";
