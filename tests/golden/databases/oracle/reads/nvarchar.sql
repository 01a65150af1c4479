-- the first time
SELECT * FROM (
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)
) WHERE 1 = 0;
SELECT * FROM (
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
)
) WHERE 1 = 0;
SET TRANSACTION READ ONLY;
SELECT max("seen") FROM "shop"."orders" WHERE (
id > 1
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
("seen" <> UNISTR('\0069\0074\0027\0073\0020\d83d\de00\005c') OR "seen" IS NULL)
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = UNISTR('\0069\0074\0027\0073\0020\d83d\de00\005c')
);
-- rollback;

-- the next time
SELECT * FROM (
SELECT "id" FROM "shop"."orders" WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)
) WHERE 1 = 0;
SELECT * FROM (
SELECT "seen" FROM "shop"."orders" WHERE (
id > 1
)
) WHERE 1 = 0;
SET TRANSACTION READ ONLY;
SELECT max("seen") FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > UNISTR('\0069\0074\0027\0073\0020\d83d\de00\005c')
);
SELECT count(*) FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" IS NULL
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" > UNISTR('\0069\0074\0027\0073\0020\d83d\de00\005c')
) AND (
"seen" <> UNISTR('\0069\0074\0027\0073\0020\d83d\de00\005c')
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = UNISTR('\0069\0074\0027\0073\0020\d83d\de00\005c')
);
SELECT TRUNC("id") AS "c0" FROM "shop"."orders" WHERE (
id > 1
) AND (
"seen" = UNISTR('\0069\0074\0027\0073\0020\d83d\de00\005c')
);
-- rollback;
