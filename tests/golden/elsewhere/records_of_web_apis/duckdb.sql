-- send
WITH "pages" AS NOT MATERIALIZED (SELECT * FROM source('pages'))
SELECT * FROM "pages";

-- put
WITH "posted" AS NOT MATERIALIZED (SELECT * FROM source('posted'))
SELECT * FROM "posted";

-- form
WITH "logged_in" AS NOT MATERIALIZED (SELECT * FROM source('logged_in'))
SELECT * FROM "logged_in";

-- text
WITH "lines" AS NOT MATERIALIZED (SELECT * FROM source('lines'))
SELECT * FROM "lines";

-- ask
WITH "answer" AS NOT MATERIALIZED (SELECT * FROM source('answer'))
SELECT * FROM "answer";

-- remove
WITH "one" AS NOT MATERIALIZED (SELECT * FROM source('one'))
SELECT * FROM "one";
