-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "id", replace("t", '
', '/') AS "one_line", "t" AS "t" FROM "s"),
"o" AS NOT MATERIALIZED (SELECT * FROM "p")
SELECT * FROM "o" ORDER BY xor("id", 0) ASC NULLS FIRST;
