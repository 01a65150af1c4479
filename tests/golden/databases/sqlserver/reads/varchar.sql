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
SELECT max([seen]) FROM [shop].[orders] WHERE (
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
([seen] <> CAST(N'2024-03-01T00:00:00Z' AS varchar(8000)) OR [seen] IS NULL)
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] = CAST(N'2024-03-01T00:00:00Z' AS varchar(8000))
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
SELECT max([seen]) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > CAST(N'2024-03-01T00:00:00Z' AS varchar(8000))
);
SELECT count(*) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] IS NULL
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > CAST(N'2024-03-01T00:00:00Z' AS varchar(8000))
) AND (
[seen] <> CAST(N'2024-03-01T00:00:00Z' AS varchar(8000))
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] = CAST(N'2024-03-01T00:00:00Z' AS varchar(8000))
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] = CAST(N'2024-03-01T00:00:00Z' AS varchar(8000))
);
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;

-- with an overlap of 1
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
SELECT max([seen]) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > CAST(N'2024-03-01T00:00:00Z' AS varchar(8000))
);
SELECT count(*) FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] IS NULL
);
SELECT [id] AS [c0] FROM [shop].[orders] WHERE (
id > 1
) AND (
[seen] > CAST(N'2024-02-29T23:59:59Z' AS varchar(8000))
);
IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
