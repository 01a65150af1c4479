-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"f" AS NOT MATERIALIZED (SELECT * FROM "s" WHERE ((NOT ("d" = 0 AND (CAST("i" AS DOUBLE)) = 0 AND signbit("d")) AND "d" = (CAST("i" AS DOUBLE))) AND (CASE WHEN strlen("s") = length("s") THEN "s" ELSE ps_utf16_key("s") END <= CASE WHEN strlen("t") = length("t") THEN "t" ELSE ps_utf16_key("t") END) AND ((("d" * '1.0'::DOUBLE) = 0 AND (CAST(CAST((((CAST("i" AS BIGINT) + (1)::INTEGER) + 2147483648) & 4294967295) - 2147483648 AS INTEGER) AS DOUBLE)) = 0 AND signbit(("d" * '1.0'::DOUBLE))) OR ("d" * '1.0'::DOUBLE) < (CAST(CAST((((CAST("i" AS BIGINT) + (1)::INTEGER) + 2147483648) & 4294967295) - 2147483648 AS INTEGER) AS DOUBLE)))))
SELECT * FROM "f";
