-- out
WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l')),
"r" AS NOT MATERIALIZED (SELECT * FROM source('r')),
"j" AS NOT MATERIALIZED (SELECT l."id" AS "id", l."rate" AS "rate", l."v" AS "v", r."number" AS "number", r."price" AS "price", r."w" AS "w" FROM "l" AS l LEFT JOIN (SELECT *, true AS _found FROM "r") AS r ON ((CAST(l."id" AS BIGINT)) = r."number") AND ((CAST(l."rate" AS DOUBLE)) = r."price" AND NOT ((CAST(l."rate" AS DOUBLE)) = 0 AND r."price" = 0 AND signbit((CAST(l."rate" AS DOUBLE))) AND NOT signbit(r."price")) AND NOT ((CAST(l."rate" AS DOUBLE)) = 0 AND r."price" = 0 AND signbit(r."price") AND NOT signbit((CAST(l."rate" AS DOUBLE))))) WHERE _found)
SELECT * FROM "j";
