CREATE TEMP TABLE shared_0 AS WITH "l" AS NOT MATERIALIZED (SELECT * FROM source('l'))
SELECT * FROM "l";

CREATE TEMP TABLE shared_1 AS WITH "r" AS NOT MATERIALIZED (SELECT * FROM source('r'))
SELECT * FROM "r";

-- texts
WITH "f" AS NOT MATERIALIZED (SELECT l."t" AS "t", l."at" AS "at", r."low" AS "low", r."high" AS "high", r."since" AS "since" FROM shared_0 AS l LEFT JOIN (SELECT *, true AS _found FROM shared_1) AS r ON (CASE WHEN strlen(l."t") = length(l."t") THEN l."t" ELSE ps_utf16_key(l."t") END >= CASE WHEN strlen(r."low") = length(r."low") THEN r."low" ELSE ps_utf16_key(r."low") END) AND (CASE WHEN strlen(l."t") = length(l."t") THEN l."t" ELSE ps_utf16_key(l."t") END < CASE WHEN strlen(r."high") = length(r."high") THEN r."high" ELSE ps_utf16_key(r."high") END) WHERE _found)
SELECT * FROM "f";

-- times
WITH "g" AS NOT MATERIALIZED (SELECT l."t" AS "t", l."at" AS "at", r."low" AS "low", r."high" AS "high", r."since" AS "since" FROM shared_0 AS l LEFT JOIN (SELECT *, true AS _found FROM shared_1) AS r ON ((l."at").t = (r."since").t) WHERE _found)
SELECT * FROM "g";
