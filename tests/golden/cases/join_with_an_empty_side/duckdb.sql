-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"j" AS NOT MATERIALIZED (SELECT l."a" AS "a", r."b" AS "b" FROM "l" AS l FULL JOIN "r" AS r ON (l."a" = r."b"))
SELECT * FROM "j";
