-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"a" AS NOT MATERIALIZED (SELECT * FROM "s" WHERE CASE WHEN (("total" > (3)::INTEGER) OR (NOT ("id" = (1)::INTEGER))) THEN true ELSE nextval('assert_0') > 0 END),
"b" AS NOT MATERIALIZED (SELECT * FROM "a" WHERE CASE WHEN (NOT (("total" IS NULL) OR ("total" > (9)::INTEGER))) THEN true ELSE nextval('assert_1') > 0 END)
SELECT * FROM "b";
