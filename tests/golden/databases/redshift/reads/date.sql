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
("seen" <> CAST('2024-02-29' AS date) OR "seen" IS NULL)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = CAST('2024-02-29' AS date)
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
"seen" > CAST('2024-02-29' AS date)
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > CAST('2024-02-29' AS date)
) AND (
"seen" <> CAST('2024-02-29' AS date)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = CAST('2024-02-29' AS date)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = CAST('2024-02-29' AS date)
);
ROLLBACK;

-- with an overlap of 86400
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
"seen" > CAST('2024-02-29' AS date)
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > CAST('2024-02-28' AS date)
);
ROLLBACK;
