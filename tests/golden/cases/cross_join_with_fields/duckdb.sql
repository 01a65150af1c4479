-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"c" AS NOT MATERIALIZED (SELECT r."id" AS "right_id", l."id" AS "left_id" FROM "l" AS l CROSS JOIN "r" AS r)
SELECT * FROM "c";
