-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "id", "v" AS "v", ps_regex_extract("origin", '([^/]+/[^/]+)$', (1)::INTEGER) AS "file" FROM "s")
SELECT * FROM "p";
