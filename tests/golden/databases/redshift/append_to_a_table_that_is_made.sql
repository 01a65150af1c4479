
SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = '_penstock_ledger'
;
CREATE TABLE "shop"."_penstock_ledger" ("job" varchar(760) NOT NULL, "output" varchar(760) NOT NULL, "records" bigint NOT NULL, "finished" bigint NOT NULL, "written_at" timestamp with time zone NOT NULL, "chunk" bigint, "epoch" bigint, PRIMARY KEY ("job", "output"));
SELECT "finished" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
BEGIN;
LOCK "shop"."_penstock_ledger";
SELECT "finished" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
INSERT INTO "shop"."_penstock_ledger" ("job", "output", "records", "finished", "written_at") VALUES ('job-1 2026-01-02T03:04:05+00:00', 't', 2, 1, getdate());

SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = 'orders'
;
SELECT 1 FROM pg_namespace WHERE nspname = 'shop';
SELECT has_schema_privilege('shop', 'CREATE');
CREATE TABLE "shop"."orders" ("id" bigint, "name" varchar(65535), "paid" boolean, "at" timestamp with time zone, "total" double precision, "more" varchar(65535));

SELECT c.oid::bigint, c.relkind = 'r' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'shop' AND c.relname = 'orders'
;
SELECT has_table_privilege(77, 'DELETE'), has_table_privilege(77, 'SELECT'), has_table_privilege(77, 'INSERT'), has_table_privilege(77, 'UPDATE');

SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.atttypid::bigint FROM pg_attribute a
WHERE a.attrelid = 77 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
;
INSERT INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") VALUES (CAST(%s AS bigint), CAST(%s AS varchar(65535)), CAST(%s AS boolean), CAST(%s AS timestamp with time zone), CAST(%s AS double precision), CAST(%s AS varchar(65535))), (CAST(%s AS bigint), CAST(%s AS varchar(65535)), CAST(%s AS boolean), CAST(%s AS timestamp with time zone), CAST(%s AS double precision), CAST(%s AS varchar(65535))) -- ['1', "it's \\ 😀", 'true', '2024-05-06 07:08:09.123000', '0.1', '{"a":[1]}', '2', '', None, None, None, None];
COMMIT;
