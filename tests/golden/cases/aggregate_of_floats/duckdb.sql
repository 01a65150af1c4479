-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"g" AS NOT MATERIALIZED (SELECT sum(CAST("f" AS DOUBLE)) AS "total", avg(CAST("f" AS DOUBLE)) AS "mean", CASE WHEN bool_or(isnan("f")) THEN 'NaN'::FLOAT WHEN min("f") = 0 AND bool_or("f" = 0 AND signbit("f")) THEN '-0.0'::FLOAT ELSE min("f") END AS "least", CASE WHEN max("f") = 0 AND bool_or("f" = 0 AND NOT signbit("f")) THEN '0.0'::FLOAT ELSE max("f") END AS "greatest" FROM "s")
SELECT * FROM "g";
