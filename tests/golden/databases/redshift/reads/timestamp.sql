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
("seen" <> CAST('2024-02-29 23:59:59.123456' AS timestamp) OR "seen" IS NULL)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = CAST('2024-02-29 23:59:59.123456' AS timestamp)
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
"seen" > CAST('2024-02-29 23:59:59.123456' AS timestamp)
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > CAST('2024-02-29 23:59:59.123456' AS timestamp)
) AND (
"seen" <> CAST('2024-02-29 23:59:59.123456' AS timestamp)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = CAST('2024-02-29 23:59:59.123456' AS timestamp)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = CAST('2024-02-29 23:59:59.123456' AS timestamp)
);
ROLLBACK;

-- with an overlap of 60
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
"seen" > CAST('2024-02-29 23:59:59.123456' AS timestamp)
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > CAST('2024-02-29 23:58:59.123456' AS timestamp)
);
ROLLBACK;
