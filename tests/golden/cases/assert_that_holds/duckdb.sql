-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"a" AS NOT MATERIALIZED (SELECT * FROM "s" WHERE CASE WHEN (("total" >= (0)::INTEGER) AND ("id" IS NOT NULL)) THEN true ELSE nextval('assert_0') > 0 END)
SELECT * FROM "a";
