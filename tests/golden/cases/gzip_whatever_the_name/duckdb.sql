-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "id", (CASE WHEN "b" IS NULL THEN NULL WHEN starts_with("b", '"') AND NOT contains("b", '\') THEN substring("b", 2, length("b") - 2) WHEN (starts_with("b", '{"l":') OR starts_with("b", '{"i":')) THEN substring("b", 6, strlen("b") - 6) ELSE ps_value_to_text("b") END) AS "t", (CASE WHEN "b" IS NULL THEN NULL WHEN (starts_with("b", '{"l":') OR starts_with("b", '{"i":')) THEN CAST((((CAST(substring("b", 6, strlen("b") - 6) AS BIGINT) & 4294967295) + 2147483648) & 4294967295) - 2147483648 AS INTEGER) ELSE ps_value_to_int("b") END) AS "n" FROM "s")
SELECT * FROM "p";
