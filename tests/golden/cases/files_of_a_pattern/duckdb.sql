-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "id", "v" AS "v", CASE WHEN regexp_matches("origin", '[\n\r\x{85}\x{2028}\x{2029}]') THEN ps_regex_extract("origin", '([^/]+/[^/]+)$', (1)::INTEGER) ELSE CASE WHEN regexp_matches("origin", '([^/]+/[^/]+)\z') THEN regexp_extract("origin", '([^/]+/[^/]+)\z', 1) END END AS "file" FROM "s")
SELECT * FROM "p";
