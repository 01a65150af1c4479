-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"w" AS NOT MATERIALIZED (SELECT *, lead("t", 1) OVER w AS "next", lag("t", 1, 'none') OVER w AS "before", lead("v", 2, (-1)::INTEGER) OVER w AS "two", lag("v", 0) OVER w AS "same" FROM "s" WINDOW w AS (PARTITION BY "k" ORDER BY xor("v", 0) ASC NULLS FIRST))
SELECT * FROM "w";
