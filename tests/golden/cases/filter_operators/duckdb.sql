CREATE TEMP TABLE shared_0 AS WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s'))
SELECT * FROM "s";

-- out
WITH "f01" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("t" = 'ab')),
"s01" AS NOT MATERIALIZED (SELECT 'text_equals' AS "operator", "id" AS "id" FROM "f01"),
"f02" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("t" <> 'ab')),
"s02" AS NOT MATERIALIZED (SELECT 'text_not_equals' AS "operator", "id" AS "id" FROM "f02"),
"f03" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE regexp_full_match("t", '[^\n\r\x{85}\x{2028}\x{2029}]*ab')),
"s03" AS NOT MATERIALIZED (SELECT 'text_matches' AS "operator", "id" AS "id" FROM "f03"),
"f04" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("t" = '')),
"s04" AS NOT MATERIALIZED (SELECT 'text_is_empty' AS "operator", "id" AS "id" FROM "f04"),
"f05" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("t" <> '')),
"s05" AS NOT MATERIALIZED (SELECT 'text_is_not_empty' AS "operator", "id" AS "id" FROM "f05"),
"f06" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("t" IS NULL)),
"s06" AS NOT MATERIALIZED (SELECT 'is_null' AS "operator", "id" AS "id" FROM "f06"),
"f07" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("t" IS NOT NULL)),
"s07" AS NOT MATERIALIZED (SELECT 'is_not_null' AS "operator", "id" AS "id" FROM "f07"),
"f08" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("n" = (5)::INTEGER)),
"s08" AS NOT MATERIALIZED (SELECT '=' AS "operator", "id" AS "id" FROM "f08"),
"f09" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("n" <> (5)::INTEGER)),
"s09" AS NOT MATERIALIZED (SELECT '!=' AS "operator", "id" AS "id" FROM "f09"),
"f10" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("n" > CAST((((CAST((4)::INTEGER AS BIGINT) + (1)::INTEGER) + 2147483648) & 4294967295) - 2147483648 AS INTEGER))),
"s10" AS NOT MATERIALIZED (SELECT '>' AS "operator", "id" AS "id" FROM "f10"),
"f11" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("n" >= (5)::INTEGER)),
"s11" AS NOT MATERIALIZED (SELECT '>=' AS "operator", "id" AS "id" FROM "f11"),
"f12" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ("n" < (5)::INTEGER)),
"s12" AS NOT MATERIALIZED (SELECT '<' AS "operator", "id" AS "id" FROM "f12"),
"f13" AS NOT MATERIALIZED (SELECT * FROM shared_0 WHERE ((CAST("n" AS BIGINT)) <= (5)::BIGINT)),
"s13" AS NOT MATERIALIZED (SELECT '<=' AS "operator", "id" AS "id" FROM "f13"),
"all" AS NOT MATERIALIZED ((SELECT "operator", "id" FROM "s01") UNION ALL (SELECT "operator", "id" FROM "s02") UNION ALL (SELECT "operator", "id" FROM "s03") UNION ALL (SELECT "operator", "id" FROM "s04") UNION ALL (SELECT "operator", "id" FROM "s05") UNION ALL (SELECT "operator", "id" FROM "s06") UNION ALL (SELECT "operator", "id" FROM "s07") UNION ALL (SELECT "operator", "id" FROM "s08") UNION ALL (SELECT "operator", "id" FROM "s09") UNION ALL (SELECT "operator", "id" FROM "s10") UNION ALL (SELECT "operator", "id" FROM "s11") UNION ALL (SELECT "operator", "id" FROM "s12") UNION ALL (SELECT "operator", "id" FROM "s13"))
SELECT * FROM "all";
