SELECT schema_name FROM information_schema.schemata WHERE schema_name IN ('shop', 'SHOP');
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' AND table_name IN ('_penstock_ledger');
SELECT column_name, data_type, numeric_scale, numeric_precision, character_maximum_length,
character_octet_length FROM information_schema.columns
WHERE table_schema = 'shop' AND table_name = '_penstock_ledger' ORDER BY ordinal_position;
SELECT "finished" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' AND table_name IN ('orders', 'ORDERS');
SELECT column_name, data_type, numeric_scale, numeric_precision, character_maximum_length,
character_octet_length FROM information_schema.columns
WHERE table_schema = 'shop' AND table_name = 'orders' ORDER BY ordinal_position;
SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'shop' AND table_name IN ('orders', 'ORDERS');
SELECT column_name, data_type, numeric_scale, numeric_precision, character_maximum_length,
character_octet_length FROM information_schema.columns
WHERE table_schema = 'shop' AND table_name = 'orders' ORDER BY ordinal_position;
CREATE TEMPORARY TABLE "shop"."penstock_0" ("id" VARCHAR, "name" VARCHAR, "paid" VARCHAR, "at" VARCHAR, "total" VARCHAR, "more" VARCHAR);
BEGIN;
SELECT CURRENT_TRANSACTION();
MERGE INTO "shop"."_penstock_ledger" held USING (SELECT 1 AS one) given ON held."job" = '' WHEN MATCHED THEN UPDATE SET "finished" = 1 WHEN NOT MATCHED THEN INSERT ("job", "output", "records", "finished", "written_at") VALUES ('', '', 0, 1, CURRENT_TIMESTAMP);
SELECT "finished" FROM "shop"."_penstock_ledger" WHERE "job" = 'job-1 2026-01-02T03:04:05+00:00' AND "output" = 't';
SELECT CURRENT_TRANSACTION();
INSERT INTO "shop"."_penstock_ledger" ("job", "output", "records", "finished", "written_at") VALUES ('job-1 2026-01-02T03:04:05+00:00', 't', 2, 1, CURRENT_TIMESTAMP);
DELETE FROM "shop"."penstock_0";
REMOVE @~/penstock/0/;
PUT 'file:///staged/00000.csv.zst' @~/penstock/0/ SOURCE_COMPRESSION = ZSTD AUTO_COMPRESS = FALSE OVERWRITE = TRUE;
COPY INTO "shop"."penstock_0" ("id", "name", "paid", "at", "total", "more") FROM (SELECT $1, $2, $3, $4, $5, $6 FROM @~/penstock/0/) FILE_FORMAT = (TYPE = CSV COMPRESSION = ZSTD FIELD_OPTIONALLY_ENCLOSED_BY = '"' ESCAPE_UNENCLOSED_FIELD = NONE NULL_IF = () EMPTY_FIELD_AS_NULL = TRUE) ON_ERROR = ABORT_STATEMENT FORCE = TRUE;
REMOVE @~/penstock/0/;
SELECT COUNT_IF(("id" IS NOT NULL AND TRY_CAST("id" AS NUMBER(38,0)) IS NULL)), COUNT_IF(("paid" IS NOT NULL AND TRY_CAST("paid" AS BOOLEAN) IS NULL)), COUNT_IF(("total" IS NOT NULL AND TRY_CAST("total" AS DOUBLE) IS NULL)), COUNT_IF(("more" IS NOT NULL AND TRY_PARSE_JSON("more") IS NULL)), COUNT_IF(("id" IS NOT NULL AND TRY_CAST("id" AS NUMBER(38,0)) IS NULL) OR ("paid" IS NOT NULL AND TRY_CAST("paid" AS BOOLEAN) IS NULL) OR ("total" IS NOT NULL AND TRY_CAST("total" AS DOUBLE) IS NULL) OR ("more" IS NOT NULL AND TRY_PARSE_JSON("more") IS NULL)) FROM "shop"."penstock_0";
INSERT INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") SELECT TRY_CAST("id" AS NUMBER(38,0)) AS "id", "name" AS "name", TRY_CAST("paid" AS BOOLEAN) AS "paid", TO_TIMESTAMP_TZ("at" || ' +00:00', 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM') AS "at", TRY_CAST("total" AS DOUBLE) AS "total", TRY_PARSE_JSON("more") AS "more" FROM "shop"."penstock_0" WHERE NOT (("id" IS NOT NULL AND TRY_CAST("id" AS NUMBER(38,0)) IS NULL) OR ("paid" IS NOT NULL AND TRY_CAST("paid" AS BOOLEAN) IS NULL) OR ("total" IS NOT NULL AND TRY_CAST("total" AS DOUBLE) IS NULL) OR ("more" IS NOT NULL AND TRY_PARSE_JSON("more") IS NULL));
SELECT CURRENT_TRANSACTION();
COMMIT;
