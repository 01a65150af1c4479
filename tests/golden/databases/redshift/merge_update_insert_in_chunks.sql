
SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = '_penstock_ledger'
;
SELECT has_table_privilege(77, 'DELETE'), has_table_privilege(77, 'SELECT'), has_table_privilege(77, 'INSERT'), has_table_privilege(77, 'UPDATE');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = 77 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
;

SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = '_penstock_ledger'
;
SELECT has_table_privilege(77, 'DELETE'), has_table_privilege(77, 'SELECT'), has_table_privilege(77, 'INSERT'), has_table_privilege(77, 'UPDATE');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = 77 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
;
SELECT "finished", "records", "chunk", "epoch" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
BEGIN;
LOCK "shop"."_penstock_ledger";
SELECT "finished", "records", "chunk", "epoch" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
INSERT INTO "shop"."_penstock_ledger" ("job", "output", "records", "finished", "written_at", "chunk", "epoch") VALUES ('job-1 2026-01-02T03:04:05+00:00', 't', 1, 0, getdate(), 1, 0);

SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = 'orders'
;
SELECT has_table_privilege(77, 'DELETE'), has_table_privilege(77, 'SELECT'), has_table_privilege(77, 'INSERT'), has_table_privilege(77, 'UPDATE');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = 77 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
;
LOCK "shop"."orders";
CREATE TEMPORARY TABLE penstock_0 AS SELECT "id", "name", "paid", "at", "total", "more" FROM "shop"."orders" WHERE 1 = 0;
INSERT INTO penstock_0 ("id", "name", "paid", "at", "total", "more") VALUES (CAST(%s AS bigint), CAST(%s AS varchar(65535)), CAST(%s AS boolean), CAST(%s AS timestamp with time zone), CAST(%s AS double precision), CAST(%s AS varchar(65535))) -- ['1', "it's \\ 😀", 'true', '2024-05-06 07:08:09.123000', '0.1', '{"a":[1]}'];
SELECT min("id"), max("id") FROM penstock_0;
UPDATE "shop"."orders" SET "name" = given."name", "paid" = given."paid", "at" = given."at", "total" = given."total", "more" = given."more" FROM penstock_0 AS given WHERE "shop"."orders"."id" = given."id" AND "shop"."orders"."id" BETWEEN 1 AND 2;
INSERT INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") SELECT "id", "name", "paid", "at", "total", "more" FROM penstock_0 AS penstock_0 WHERE NOT EXISTS (SELECT 1 FROM "shop"."orders" there WHERE there."id" = penstock_0."id" AND there."id" BETWEEN 1 AND 2);
COMMIT;

SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = '_penstock_ledger'
;
SELECT has_table_privilege(77, 'DELETE'), has_table_privilege(77, 'SELECT'), has_table_privilege(77, 'INSERT'), has_table_privilege(77, 'UPDATE');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = 77 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
;

SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = '_penstock_ledger'
;
SELECT has_table_privilege(77, 'DELETE'), has_table_privilege(77, 'SELECT'), has_table_privilege(77, 'INSERT'), has_table_privilege(77, 'UPDATE');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = 77 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
;
SELECT "finished", "records", "chunk", "epoch" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
BEGIN;
LOCK "shop"."_penstock_ledger";
SELECT "finished", "records", "chunk", "epoch" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
UPDATE "shop"."_penstock_ledger" SET "records" = 2, "finished" = 1, "chunk" = 2, "epoch" = 0, "written_at" = getdate() WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't' AND "chunk" = 1 AND "epoch" = 0;

SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = 'orders'
;
SELECT has_table_privilege(77, 'DELETE'), has_table_privilege(77, 'SELECT'), has_table_privilege(77, 'INSERT'), has_table_privilege(77, 'UPDATE');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = 77 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
;
LOCK "shop"."orders";
CREATE TEMPORARY TABLE penstock_0 AS SELECT "id", "name", "paid", "at", "total", "more" FROM "shop"."orders" WHERE 1 = 0;
INSERT INTO penstock_0 ("id", "name", "paid", "at", "total", "more") VALUES (CAST(%s AS bigint), CAST(%s AS varchar(65535)), CAST(%s AS boolean), CAST(%s AS timestamp with time zone), CAST(%s AS double precision), CAST(%s AS varchar(65535))) -- ['2', '', None, None, None, None];
SELECT min("id"), max("id") FROM penstock_0;
UPDATE "shop"."orders" SET "name" = given."name", "paid" = given."paid", "at" = given."at", "total" = given."total", "more" = given."more" FROM penstock_0 AS given WHERE "shop"."orders"."id" = given."id" AND "shop"."orders"."id" BETWEEN 1 AND 2;
INSERT INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") SELECT "id", "name", "paid", "at", "total", "more" FROM penstock_0 AS penstock_0 WHERE NOT EXISTS (SELECT 1 FROM "shop"."orders" there WHERE there."id" = penstock_0."id" AND there."id" BETWEEN 1 AND 2);
COMMIT;
