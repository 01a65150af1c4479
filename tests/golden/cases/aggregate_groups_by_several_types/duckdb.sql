-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"g" AS NOT MATERIALIZED (SELECT "i", "l", first("d") AS "d", "b", "t", first("at") AS "at", CAST(((sum("v") + 9223372036854775808::HUGEINT) & 18446744073709551615::HUGEINT) - 9223372036854775808::HUGEINT AS BIGINT) AS "v" FROM "s" GROUP BY "i", "l", CASE WHEN "d" = 0 AND signbit("d") THEN '-0' ELSE CAST("d" AS VARCHAR) END, "b", "t", ("at").t)
SELECT * FROM "g";
