-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"c" AS NOT MATERIALIZED (SELECT l."day" AS "day", r."shop" AS "shop", r."n" AS "n" FROM "l" AS l CROSS JOIN "r" AS r)
SELECT * FROM "c";
