-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", ps_make_tuple([coalesce('{"i":' || CAST("id" AS VARCHAR) || '}', 'null'), coalesce(CAST(to_json("t") AS VARCHAR), 'null')]::VARCHAR[]) AS "_1", ps_make_tuple([coalesce(CAST(to_json(CASE WHEN "t" IS NULL OR (0)::INTEGER IS NULL OR (1)::INTEGER IS NULL THEN NULL WHEN strlen("t") = length("t") THEN CASE WHEN (0)::INTEGER < 0 OR (0)::INTEGER > least((1)::INTEGER, CAST(length("t") AS INTEGER)) THEN NULL ELSE substring("t", (0)::INTEGER + 1, least((1)::INTEGER, CAST(length("t") AS INTEGER)) - (0)::INTEGER) END ELSE ps_substring("t", (0)::INTEGER, (1)::INTEGER) END) AS VARCHAR), 'null')]::VARCHAR[]) AS "_2" FROM "s"),
"p 2" AS NOT MATERIALIZED (SELECT "_0" AS "id", ps_value_to_int(ps_tuple_get("_1", (0)::INTEGER)) AS "x", ps_value_to_text(ps_tuple_get("_1", (1)::INTEGER)) AS "y", ps_value_to_text(ps_tuple_get("_2", (0)::INTEGER)) AS "first" FROM "p")
SELECT * FROM "p 2";
