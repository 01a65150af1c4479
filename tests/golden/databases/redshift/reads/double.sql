-- the first time
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
) LIMIT 0;
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
) LIMIT 0;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT max("seen") FROM "shop"."orders" WHERE (
id > 1
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
("seen" <> CAST('1e+300' AS double precision) OR "seen" IS NULL)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = CAST('1e+300' AS double precision)
);
ROLLBACK;

-- the next time
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
) LIMIT 0;
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
) LIMIT 0;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT max("seen") FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > CAST('1e+300' AS double precision)
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > CAST('1e+300' AS double precision)
) AND (
"seen" <> CAST('1e+300' AS double precision)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = CAST('1e+300' AS double precision)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = CAST('1e+300' AS double precision)
);
ROLLBACK;

-- with an overlap of 0.25
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
) LIMIT 0;
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
) LIMIT 0;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT max("seen") FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > CAST('1e+300' AS double precision)
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > CAST('999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999.75' AS double precision) OR "seen" = CAST('1e+300' AS double precision)
);
ROLLBACK;
