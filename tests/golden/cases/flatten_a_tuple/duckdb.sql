-- out
WITH "s" AS NOT MATERIALIZED (SELECT * FROM source('s')),
"p" AS NOT MATERIALIZED (SELECT "id" AS "_0", ps_make_tuple([coalesce('{"i":' || CAST("id" AS VARCHAR) || '}', 'null'), coalesce(CAST(to_json("t") AS VARCHAR), 'null')]::VARCHAR[]) AS "_1", ps_make_tuple([coalesce(CAST(to_json(CASE WHEN "t" IS NULL THEN NULL WHEN strlen("t") = length("t") THEN substring("t", 1, (1)::INTEGER) ELSE ps_substring("t", (0)::INTEGER, (1)::INTEGER) END) AS VARCHAR), 'null')]::VARCHAR[]) AS "_2" FROM "s"),
"p 2" AS NOT MATERIALIZED (SELECT "_0" AS "id", ps_value_to_int(ps_tuple_get("_1", (0)::INTEGER)) AS "x", ps_value_to_text(ps_tuple_get("_1", (1)::INTEGER)) AS "y", ps_value_to_text(ps_tuple_get("_2", (0)::INTEGER)) AS "first" FROM "p")
SELECT * FROM "p 2";
