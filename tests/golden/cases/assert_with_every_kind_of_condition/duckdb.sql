-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"a" AS NOT MATERIALIZED (SELECT * FROM "s" WHERE CASE WHEN (("id" > (0)::INTEGER) AND regexp_full_match("t", '[a-z][0-9]') AND ("t" <> '') AND ("t" <> 'x') AND (("total" = '5.0'::DOUBLE) OR (NOT (("total" < '6.0'::DOUBLE) OR ("id" IS NULL))))) THEN true ELSE nextval('assert_0') > 0 END)
SELECT * FROM "a";
