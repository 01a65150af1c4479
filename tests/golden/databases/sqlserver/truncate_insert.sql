SELECT o.type, HAS_PERMS_BY_NAME(N'[shop].[_penstock_ledger]', 'OBJECT', 'SELECT'), HAS_PERMS_BY_NAME(N'[shop].[_penstock_ledger]', 'OBJECT', 'INSERT'),
HAS_PERMS_BY_NAME(N'[shop].[_penstock_ledger]', 'OBJECT', 'UPDATE'), HAS_PERMS_BY_NAME(N'[shop].[_penstock_ledger]', 'OBJECT', 'DELETE'),
HAS_PERMS_BY_NAME(N'[shop].[_penstock_ledger]', 'OBJECT', 'ALTER')
FROM sys.objects o WHERE o.object_id = OBJECT_ID(N'[shop].[_penstock_ledger]') AND o.type IN ('U', 'V');
SELECT c.name, TYPE_NAME(c.system_type_id), c.precision, c.scale, c.max_length FROM sys.columns c
WHERE c.object_id = OBJECT_ID(N'[shop].[_penstock_ledger]') ORDER BY c.column_id;
SELECT [finished] FROM [shop].[_penstock_ledger] WHERE [job] = N'job-1 2026-01-02T03:04:05+00:00' AND [output] = N't';
BEGIN TRANSACTION;
INSERT INTO [shop].[_penstock_ledger] ([job], [output], [records], [finished], [written_at]) VALUES (N'job-1 2026-01-02T03:04:05+00:00', N't', 2, 1, SYSDATETIMEOFFSET() AT TIME ZONE 'UTC');
SELECT o.type, HAS_PERMS_BY_NAME(N'[shop].[orders]', 'OBJECT', 'SELECT'), HAS_PERMS_BY_NAME(N'[shop].[orders]', 'OBJECT', 'INSERT'),
HAS_PERMS_BY_NAME(N'[shop].[orders]', 'OBJECT', 'UPDATE'), HAS_PERMS_BY_NAME(N'[shop].[orders]', 'OBJECT', 'DELETE'),
HAS_PERMS_BY_NAME(N'[shop].[orders]', 'OBJECT', 'ALTER')
FROM sys.objects o WHERE o.object_id = OBJECT_ID(N'[shop].[orders]') AND o.type IN ('U', 'V');
SELECT c.name, TYPE_NAME(c.system_type_id), c.precision, c.scale, c.max_length FROM sys.columns c
WHERE c.object_id = OBJECT_ID(N'[shop].[orders]') ORDER BY c.column_id;
TRUNCATE TABLE [shop].[orders];
INSERT INTO [shop].[orders] ([id], [name], [paid], [at], [total], [more]) SELECT CAST(c0 AS bigint), c1, CAST(c2 AS bit), CAST(c3 AS datetimeoffset(6)), CAST(c4 AS float), c5 FROM OPENJSON(N'[["1","it''s \\ \ud83d\ude00","true","2024-05-06 07:08:09.123000","0.1","{\"a\":[1]}"],["2","",null,null,null,null]]') WITH (c0 nvarchar(max) '$[0]', c1 nvarchar(max) '$[1]', c2 nvarchar(max) '$[2]', c3 nvarchar(max) '$[3]', c4 nvarchar(max) '$[4]', c5 nvarchar(max) '$[5]') AS given;
SELECT @@TRANCOUNT;
COMMIT TRANSACTION;
