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
("seen" <> ('it''s ' || chr(92) || ' 😀') OR "seen" IS NULL)
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = ('it''s ' || chr(92) || ' 😀')
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
"seen" > ('it''s ' || chr(92) || ' 😀')
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > ('it''s ' || chr(92) || ' 😀')
) AND (
"seen" <> ('it''s ' || chr(92) || ' 😀')
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = ('it''s ' || chr(92) || ' 😀')
);
SELECT "id" AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = ('it''s ' || chr(92) || ' 😀')
);
ROLLBACK;
