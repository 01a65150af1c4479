
SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = '_penstock_ledger'
;
SELECT has_table_privilege(77, 'DELETE'), has_table_privilege(77, 'SELECT'), has_table_privilege(77, 'INSERT'), has_table_privilege(77, 'UPDATE');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = 77 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
;
SELECT "finished" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
BEGIN;
LOCK "shop"."_penstock_ledger";
SELECT "finished" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
INSERT INTO "shop"."_penstock_ledger" ("job", "output", "records", "finished", "written_at") VALUES ('job-1 2026-01-02T03:04:05+00:00', 't', 2, 1, getdate());

SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = 'orders'
;
SELECT has_table_privilege(77, 'DELETE'), has_table_privilege(77, 'SELECT'), has_table_privilege(77, 'INSERT'), has_table_privilege(77, 'UPDATE');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = 77 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
;
LOCK "shop"."orders";
CREATE TEMPORARY TABLE penstock_0 AS SELECT "id", "name", "paid", "at", "total", "more" FROM "shop"."orders" WHERE 1 = 0;
-- the bucket is cleared;
-- 00000.csv.zst: '1,"it\'s \\ 😀",true,2024-05-06 07:08:09.123000+00,0.1,"{""a"":[1]}"\n2,"",penstock_0,penstock_0,penstock_0,penstock_0\n';
COPY penstock_0 ("id", "name", "paid", "at", "total", "more") FROM 's3://lake/staging/penstock_0/' ACCESS_KEY_ID 'key' SECRET_ACCESS_KEY 'secret' REGION 'eu-west-1' CSV ZSTD NULL AS 'penstock_0' DATEFORMAT 'auto' TIMEFORMAT 'auto' COMPUPDATE OFF;
SELECT pg_last_copy_count();
-- the bucket is cleared;
SELECT min("id"), max("id") FROM penstock_0;
UPDATE "shop"."orders" SET "name" = given."name", "paid" = given."paid", "at" = given."at", "total" = given."total", "more" = given."more" FROM penstock_0 AS given WHERE "shop"."orders"."id" = given."id" AND "shop"."orders"."id" BETWEEN 1 AND 2;
INSERT INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") SELECT "id", "name", "paid", "at", "total", "more" FROM penstock_0 AS penstock_0 WHERE NOT EXISTS (SELECT 1 FROM "shop"."orders" there WHERE there."id" = penstock_0."id" AND there."id" BETWEEN 1 AND 2);
COMMIT;
