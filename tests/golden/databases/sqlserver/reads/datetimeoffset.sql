-- the first time
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [id] FROM [shop].[orders] WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [seen] FROM [shop].[orders] WHERE (
id > 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID();
SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
BEGIN TRANSACTION;
SELECT CONVERT(varchar(40), CAST(SWITCHOFFSET(max([seen]), '+00:00') AS datetime2(7)), 121) + '+00:00' FROM [shop].[orders] WHERE (
id > 1
);
SELECT count(*) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] IS NULL
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
([seen] <> TODATETIMEOFFSET(CONVERT(datetime2(7), '2024-02-29 23:59:59.1234567', 121), '+00:00') OR [seen] IS NULL)
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] = TODATETIMEOFFSET(CONVERT(datetime2(7), '2024-02-29 23:59:59.1234567', 121), '+00:00')
);
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

-- the next time
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [id] FROM [shop].[orders] WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [seen] FROM [shop].[orders] WHERE (
id > 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID();
SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
BEGIN TRANSACTION;
SELECT CONVERT(varchar(40), CAST(SWITCHOFFSET(max([seen]), '+00:00') AS datetime2(7)), 121) + '+00:00' FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > TODATETIMEOFFSET(CONVERT(datetime2(7), '2024-02-29 23:59:59.1234567', 121), '+00:00')
);
SELECT count(*) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] IS NULL
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > TODATETIMEOFFSET(CONVERT(datetime2(7), '2024-02-29 23:59:59.1234567', 121), '+00:00')
) AND (
[seen] <> TODATETIMEOFFSET(CONVERT(datetime2(7), '2024-02-29 23:59:59.1234567', 121), '+00:00')
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] = TODATETIMEOFFSET(CONVERT(datetime2(7), '2024-02-29 23:59:59.1234567', 121), '+00:00')
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] = TODATETIMEOFFSET(CONVERT(datetime2(7), '2024-02-29 23:59:59.1234567', 121), '+00:00')
);
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

-- with an overlap of 60
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [id] FROM [shop].[orders] WHERE (
id > 1
) AND (
CASE WHEN
id > 1
THEN 1 END = 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT name, system_type_name, error_message FROM sys.dm_exec_describe_first_result_set(N'SELECT [seen] FROM [shop].[orders] WHERE (
id > 1
)', NULL, 0) WHERE is_hidden = 0 OR is_hidden IS NULL ORDER BY column_ordinal;
SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID();
SET TRANSACTION ISOLATION LEVEL SNAPSHOT;
BEGIN TRANSACTION;
SELECT CONVERT(varchar(40), CAST(SWITCHOFFSET(max([seen]), '+00:00') AS datetime2(7)), 121) + '+00:00' FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > TODATETIMEOFFSET(CONVERT(datetime2(7), '2024-02-29 23:59:59.1234567', 121), '+00:00')
);
SELECT count(*) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] IS NULL
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > TODATETIMEOFFSET(CONVERT(datetime2(7), '2024-02-29 23:58:59.1234567', 121), '+00:00')
);
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
