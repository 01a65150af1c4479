
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
CREATE TEMPORARY TABLE penstock_0 (c0 varchar(65535), c1 varchar(65535), c2 varchar(65535), c3 varchar(65535), c4 varchar(65535), c5 varchar(65535));
INSERT INTO penstock_0 ("c0", "c1", "c2", "c3", "c4", "c5") VALUES (CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535))), (CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535)), CAST(%s AS varchar(65535))) -- ['1', "it's \\ 😀", 'true', '2024-05-06 07:08:09.123000', '0.1', '{"a":[1]}', '2', '', None, None, None, None];
SELECT COUNT(CASE WHEN (c0 IS NOT NULL AND TRY_CAST(CASE WHEN BTRIM(c0) <> '' THEN c0 END AS bigint) IS NULL) THEN 1 END), COUNT(CASE WHEN (c1 IS NOT NULL AND CASE WHEN OCTET_LENGTH(RTRIM(c1, ' ')) <= 9 THEN c1 END IS NULL) THEN 1 END), COUNT(CASE WHEN (c4 IS NOT NULL AND TRY_CAST(CASE WHEN BTRIM(c4) <> '' THEN c4 END AS double precision) IS NULL) THEN 1 END), COUNT(CASE WHEN (c0 IS NOT NULL AND TRY_CAST(CASE WHEN BTRIM(c0) <> '' THEN c0 END AS bigint) IS NULL) OR (c1 IS NOT NULL AND CASE WHEN OCTET_LENGTH(RTRIM(c1, ' ')) <= 9 THEN c1 END IS NULL) OR (c4 IS NOT NULL AND TRY_CAST(CASE WHEN BTRIM(c4) <> '' THEN c4 END AS double precision) IS NULL) THEN 1 END) FROM penstock_0;
INSERT INTO "shop"."orders" ("id", "name", "paid", "at", "total", "more") SELECT TRY_CAST(CASE WHEN BTRIM(c0) <> '' THEN c0 END AS bigint) AS c0, CASE WHEN OCTET_LENGTH(RTRIM(c1, ' ')) <= 9 THEN c1 END AS c1, CASE c2 WHEN 'true' THEN true WHEN 'false' THEN false END AS c2, CAST(c3 AS timestamp with time zone) AS c3, TRY_CAST(CASE WHEN BTRIM(c4) <> '' THEN c4 END AS double precision) AS c4, c5 AS c5 FROM penstock_0;
DROP TABLE penstock_0;
COMMIT;
