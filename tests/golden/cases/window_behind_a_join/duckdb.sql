-- out
WITH "orders" AS NOT MATERIALIZED (SELECT * FROM source('orders')),
"names" AS NOT MATERIALIZED (SELECT * FROM source('names')),
"j" AS NOT MATERIALIZED (SELECT l."id" AS "id", r."name" AS "name", l."at" AS "at" FROM "orders" AS l LEFT JOIN (SELECT *, true AS _found FROM "names") AS r ON (l."customer" = r."customer") WHERE _found),
"w" AS NOT MATERIALIZED (SELECT *, CAST(row_number() OVER w AS INTEGER) AS "n" FROM "j" WINDOW w AS (PARTITION BY "name" ORDER BY ("at").t DESC NULLS LAST)),
"f" AS NOT MATERIALIZED (SELECT * FROM "w" WHERE ("n" = (1)::INTEGER)),
"p" AS NOT MATERIALIZED (SELECT "name" AS "name", "id" AS "id" FROM "f")
SELECT * FROM "p";
