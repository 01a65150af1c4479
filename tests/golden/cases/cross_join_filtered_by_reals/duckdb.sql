-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"c" AS NOT MATERIALIZED (SELECT l."a" AS "a", r."b" AS "b" FROM "l" AS l CROSS JOIN "r" AS r),
"f" AS NOT MATERIALIZED (SELECT * FROM "c" WHERE ("a" < "b" OR ("a" = 0 AND "b" = 0 AND signbit("a") AND NOT signbit("b"))))
SELECT * FROM "f";
