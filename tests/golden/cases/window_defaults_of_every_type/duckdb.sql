-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"w" AS NOT MATERIALIZED (SELECT *, lag("l", 1, (7)::BIGINT) OVER w AS "al", lag("d", 1, '8.0'::DOUBLE) OVER w AS "ad", lag("f", 1, '0.5'::FLOAT) OVER w AS "af", lag("b", 1, false) OVER w AS "ab", lag("at", 1, {'t': (1767218400000)::BIGINT, 'o': (60)::INTEGER}) OVER w AS "aat" FROM "s" WINDOW w AS (ORDER BY xor("v", 0) ASC NULLS FIRST))
SELECT * FROM "w";
