-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"once" AS NOT MATERIALIZED (SELECT DISTINCT ON ("k", ("at").t) * FROM "s"),
"c" AS NOT MATERIALIZED (SELECT "k", count(*) AS "n" FROM "once" GROUP BY "k")
SELECT * FROM "c";
